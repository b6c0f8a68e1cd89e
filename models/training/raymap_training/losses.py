"""Losses for labels that are only partly known.

The lung classes are background, right, left and heart shadow. Where a mask takes the heart into the left lung,
"left" there means left or heart shadow; where it leaves the heart out, "background" means background or heart
shadow. So the two conventions teach one network without being mixed.
"""

import math

import torch
from torch.nn import functional as F

UNKNOWN = 255


def lung_targets(lung, heart_in):
    """(N, S, S) labels 0/1/2/UNKNOWN and (N,) bools to allowed-class masks (N, 4, S, S) and a known mask."""
    heart_in = heart_in.view(-1, 1, 1)
    bg, right, left = lung == 0, lung == 1, lung == 2
    heart = (left & heart_in) | (bg & ~heart_in)
    return torch.stack([bg, right, left, heart], 1), lung != UNKNOWN


def lung_loss(logits, lung, heart_in):
    allowed, known = lung_targets(lung, heart_in)
    log_p = F.log_softmax(logits, 1)
    nll = -torch.logsumexp(log_p.masked_fill(~allowed, -1e4), 1)
    ce = (nll * known).sum() / known.sum().clamp(min=1)
    p = log_p.exp()
    side_in = (heart_in.view(-1, 1, 1)).float()
    dice = 0.0
    for guess, truth in ((p[:, 1], lung == 1), (p[:, 2] + p[:, 3] * side_in, lung == 2)):
        dice = dice + soft_dice(guess, truth.float(), known)
    # Heart shadow is given sparingly: nothing but the heart-free masks says where the left lung ends.
    return ce + 0.5 * dice


def soft_dice(p, truth, known):
    """1 - Dice a radiograph, over radiographs with any known pixel."""
    k = known.float()
    inter, total = (p * truth * k).sum((1, 2)), ((p + truth) * k).sum((1, 2))
    any_known = k.sum((1, 2)) > 0
    loss = 1 - (2 * inter + 20.0) / (total + 20.0)
    return (loss * any_known).sum() / any_known.sum().clamp(min=1)


def infection_loss(logits, infection):
    known = infection != UNKNOWN
    truth = (infection == 1).float()
    z = logits[:, 0]
    # The outlines are coarse: a pixel is never quite certain.
    bce = F.binary_cross_entropy_with_logits(z, truth * 0.92 + 0.04, reduction="none")
    bce = (bce * known).sum() / known.sum().clamp(min=1)
    has = ((truth * known).sum((1, 2)) > 0).view(-1, 1, 1)
    return bce + soft_dice(torch.sigmoid(z), truth, known & has)


def fit_loss(logits, kind):
    """Cross-entropy of the picture's class; a little smoothing, since hardly any picture is quite certain."""
    return F.cross_entropy(logits.mean((2, 3)), kind, label_smoothing=0.02)


LUNG_PIXELS = 300


def shares(p, zones):
    """Mean probability over each radiograph's lung field, and whether it has one worth the name."""
    field = (zones > 0).float()
    pixels = field.sum((1, 2))
    return (p * field).sum((1, 2)) / pixels.clamp(min=1), pixels > LUNG_PIXELS


# Slope and intercept of detection on the logarithm of the mean probability, near what calibration finds afterwards.
DETECT_SLOPE, DETECT_FLOOR, DETECT_MIDDLE = 2.2, 0.003, 0.085


def detection_loss(logits, zones, said):
    """Cross-entropy of "opacity somewhere" from the map's mean in the lung field.

    `said` (N,) is the chance that there is opacity, negative where nobody said.
    """
    share, has_lungs = shares(torch.sigmoid(logits[:, 0]), zones)
    z = DETECT_SLOPE * (torch.log(share + DETECT_FLOOR) - math.log(DETECT_MIDDLE))
    judged = (has_lungs & (said >= 0)).float()
    loss = F.binary_cross_entropy_with_logits(z, said.clamp(min=0), reduction="none")
    return (loss * judged).sum() / judged.sum().clamp(min=1)


# From which probability a teacher's map counts as infected: near where its Dice with outlines is best.
MARKED = 0.2


def pseudo_loss(logits, soft, known):
    """Cross-entropy against a teacher's probability (bytes 0..=254) where it gave one, and Dice against what it marks."""
    q, z = soft.float() / 254.0, logits[:, 0]
    bce = F.binary_cross_entropy_with_logits(z, q, reduction="none")
    return (bce * known).sum() / known.sum().clamp(min=1) + soft_dice(torch.sigmoid(z), (q > MARKED).float(), known)
