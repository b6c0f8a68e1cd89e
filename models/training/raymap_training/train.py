"""Trains the float network; resumes from its last checkpoint."""

import copy
import json
import pathlib

import numpy as np
import torch
from scipy import stats
from torch.nn import functional as F
from tqdm import tqdm

from . import augment, losses
from .weak import weak_loss
from .network import Network, load_imagenet, normalise, parameters

# How many radiographs of each pool stand in one batch.
BATCH = {"infected": 3, "lung": 3, "normal": 2, "scored": 3, "positive": 1, "unfit": 2}
# The same without weak labels, for the first training that only has to find the lungs.
BATCH_FIRST = {"infected": 4, "lung": 4, "normal": 2, "all": 2, "unfit": 2}
SMALL_SIDE, SMALL_SHARE = 192, 0.75  # the first part of the training runs on smaller pictures, to save time
CHECKPOINT_EVERY, VALIDATE_EVERY = 100, 300
EMA_DECAY = 0.998
LEARNING_RATE, WEIGHT_DECAY, WARM_UP = 1e-3, 2e-2, 100


def batch_at(step, seed, pools, cache, weak=None):
    """The batch of one step: a function of seed and step alone, so that a resumed training repeats nothing."""
    rng = torch.Generator().manual_seed(seed * 1_000_003 + step)
    groups = {
        "infected": pools.infected, "lung": pools.lung, "normal": pools.normal, "all": pools.all, "unfit": pools.all,
        "scored": weak and weak.scored, "positive": weak and weak.positive,
    }
    picks, fit, weak_at = [], [], []
    for name, count in (BATCH if weak else BATCH_FIRST).items():
        order = torch.randint(0, len(groups[name]), (count,), generator=rng)
        if name in ("scored", "positive"):
            weak_at += range(len(picks), len(picks) + count)
        picks += [groups[name][int(k)] for k in order]
        fit += [0.0 if name == "unfit" else 1.0] * count
    fit = torch.tensor(fit)
    image = torch.from_numpy(cache["image"][picks]).float()[:, None]
    lung = torch.from_numpy(cache["lung"][picks])[:, None]
    infection = torch.from_numpy(cache["infection"][picks])[:, None]
    for i, p in enumerate(picks):
        if p in pools.pediatric:
            infection[i] = losses.UNKNOWN
    zones, boxes = torch.zeros_like(lung), torch.full_like(lung, losses.UNKNOWN)
    for k in weak_at:
        zones[k, 0] = torch.from_numpy(weak.zones[picks[k]])
        if picks[k] in weak.boxes:
            boxes[k, 0] = torch.from_numpy(weak.boxes[picks[k]])
    image, lung, (infection, zones, boxes), mirrored = augment.flip(image, lung, (infection, zones, boxes), rng)
    turns = torch.zeros(len(picks))
    bad = fit == 0
    image[bad], turns[bad] = augment.unfit(image[bad], rng)
    labels = torch.cat([lung, infection, zones, boxes], 1)
    labels[bad] = losses.UNKNOWN
    image, labels = augment.affine(image, labels, rng, turns)
    image = augment.exposure(image, rng)
    image = augment.rewindow(augment.borders_and_text(image, rng))
    heart_in = torch.tensor([pools.heart_in[p] for p in picks])
    items = [(k, picks[k], bool(mirrored[k])) for k in weak_at]
    return image, labels, heart_in, fit, items


def resize_batch(image, labels, side):
    if side == image.shape[-1]:
        return image, labels
    small = F.interpolate(labels.float(), size=(side, side), mode="nearest-exact").to(torch.uint8)
    return F.interpolate(image, size=(side, side), mode="area"), small


def total_loss(net, image, labels, heart_in, fit, items, weak):
    out_lung, out_infection, out_fit = net(normalise(image).contiguous(memory_format=torch.channels_last))
    up = lambda z: F.interpolate(z, size=image.shape[-2:], mode="bilinear", align_corners=False)
    z = up(out_infection)
    parts = {
        "lung": losses.lung_loss(up(out_lung), labels[:, 0], heart_in),
        "infection": losses.infection_loss(z, labels[:, 1]),
        "fit": 0.3 * losses.fit_loss(out_fit, fit),
    }
    if items:
        parts["weak"] = weak_loss(z, labels[:, 2], labels[:, 3], items, weak)
    return sum(parts.values()), parts


def learning_rate(step, steps):
    if step < WARM_UP:
        return LEARNING_RATE * (step + 1) / WARM_UP
    x = (step - WARM_UP) / max(1, steps - WARM_UP)
    return float(LEARNING_RATE * (0.5 * (1 + np.cos(np.pi * x)) * 0.98 + 0.02))


def train(cfg, table, cache, pools, work, weak=None):
    torch.manual_seed(cfg.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net = Network()
    if cfg.imagenet:
        print(f"encoder: {load_imagenet(net, cfg.imagenet)} convolutions from ImageNet weights")
    print(f"{parameters(net):,} parameters; infected {len(pools.infected)}, lung {len(pools.lung)}, normal {len(pools.normal)}")
    net = net.to(device, memory_format=torch.channels_last)
    ema = copy.deepcopy(net).eval()
    decay, no_decay = [], []
    for p in net.parameters():
        (decay if p.ndim > 1 else no_decay).append(p)
    optimiser = torch.optim.AdamW(
        [{"params": decay, "weight_decay": WEIGHT_DECAY}, {"params": no_decay, "weight_decay": 0.0}], lr=LEARNING_RATE
    )
    steps = cfg.steps if weak else cfg.first_steps
    checkpoint, start = work / ("checkpoint.pt" if weak else "first.pt"), 0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        net.load_state_dict(state["net"]), ema.load_state_dict(state["ema"])
        optimiser.load_state_dict(state["optimiser"])
        start = state["step"]
        print(f"resumed at step {start}")
    bar = tqdm(range(start, steps), initial=start, total=steps, unit="step", mininterval=5)
    running = {}
    for step in bar:
        side = SMALL_SIDE if step < SMALL_SHARE * steps else cache["image"].shape[-1]
        image, labels, heart_in, fit, items = batch_at(step, cfg.seed, pools, cache, weak)
        image, labels = resize_batch(image, labels, side)
        net.train()
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, steps)
        to = lambda t: t.to(device)
        loss, parts = total_loss(net, to(image), to(labels), to(heart_in), to(fit), items, weak)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        decay_now = min(EMA_DECAY, (1 + step) / (10 + step))
        with torch.no_grad():
            for a, b in zip(ema.state_dict().values(), net.state_dict().values()):
                a.copy_(a * decay_now + b * (1 - decay_now)) if a.is_floating_point() else a.copy_(b)
        for k, v in parts.items():
            running[k] = 0.97 * running.get(k, float(v.detach())) + 0.03 * float(v.detach())
        bar.set_postfix({k: f"{v:.3f}" for k, v in running.items()}, refresh=False)
        done = step + 1
        if done % CHECKPOINT_EVERY == 0 or done == steps:
            state = {"net": net.state_dict(), "ema": ema.state_dict(), "optimiser": optimiser.state_dict(), "step": done}
            torch.save(state, work / "checkpoint.tmp")
            (work / "checkpoint.tmp").replace(checkpoint)
        if done % VALIDATE_EVERY == 0 or done == steps:
            figures = validate(ema, table, cache, "val", device)
            print(json.dumps({"step": done, **{k: round(v, 4) for k, v in running.items()}, **figures}), flush=True)
    return ema.cpu().eval()


@torch.no_grad()
def predict(net, images, device="cpu"):
    """Logits at the picture's own side for (N, S, S) bytes: lung (N, 4, S, S), infection (N, S, S), fit (N,)."""
    out = []
    for part in np.array_split(images, max(1, len(images) // 16)):
        x = normalise(torch.from_numpy(part).float()[:, None]).to(device)
        lung, infection, fit = net(x.contiguous(memory_format=torch.channels_last))
        up = lambda z: F.interpolate(z.float(), size=part.shape[-2:], mode="bilinear", align_corners=False).cpu().numpy()
        out.append((up(lung), up(infection)[:, 0], fit.mean((1, 2, 3)).cpu().numpy()))
    return tuple(np.concatenate([o[k] for o in out]) for k in range(3))


def dice(guess, truth):
    total = guess.sum() + truth.sum()
    return 1.0 if total == 0 else 2.0 * (guess & truth).sum() / total


def validate(net, table, cache, split, device="cpu", limit=96):
    """Lung and infection Dice and mean infected fraction of adult normals on one split; never called on test here."""
    assert split != "test"
    here = [i for i, r in enumerate(table) if r["split"] == split and r["pediatric"] != "1"]
    masked = [i for i in here if table[i]["infection_mask"] and table[i]["infection_empty"] != "1"]
    lungs = [i for i in here if table[i]["lung_mask"] and i not in masked][:limit]
    normal = [i for i in here if table[i]["infection_empty"] == "1"][:limit // 2]
    index = masked + lungs + normal
    lung, infection, fit = predict(net, cache["image"][index], device)
    from .corpus import heart_in

    lung_scores, infection_scores, normal_share, normal_mean = [], [], [], []
    for k, i in enumerate(index):
        pred = lung[k].argmax(0)
        heart = heart_in(table[i])
        field = (pred == 1) | (pred == 2) | ((pred == 3) & heart)
        full = pred > 0
        if k < len(masked) + len(lungs) and table[i]["lung_mask"]:
            lung_scores.append(dice(field, cache["lung"][i] > 0))
        spots = (infection[k] > 0) & full
        if k < len(masked):
            infection_scores.append(dice(spots, cache["infection"][i] == 1))
        elif k >= len(masked) + len(lungs):
            normal_share.append(spots.sum() / max(1, full.sum()))
            normal_mean.append(float((1 / (1 + np.exp(-infection[k][full]))).mean()))
    mean = lambda v: round(float(np.mean(v)), 4)
    shares = {}
    scored = [i for i in here if table[i]["brixia_total"] or table[i]["score_r"] or table[i]["finding"] == "covid"]
    lung, infection, _ = predict(net, cache["image"][scored], device)
    for k, i in enumerate(scored):
        full = lung[k].argmax(0) > 0
        shares[i] = float((1 / (1 + np.exp(-infection[k][full]))).mean()) if full.any() else 0.0
    rank = lambda key: round(float(stats.spearmanr(*zip(*[(shares[i], float(table[i][key])) for i in scored if table[i][key]])).statistic), 3)
    covid = [shares[i] for i in scored if table[i]["finding"] == "covid"]
    auc = float(np.mean([(c > n) + 0.5 * (c == n) for c in covid for n in normal_mean]))
    return {"brixia_rank": rank("brixia_total"), "segments_rank": rank("score_r"), "covid_auc": round(auc, 3),
            "lung_dice": mean(lung_scores), "infection_dice": mean(infection_scores),
            "normal_infected": mean(normal_share), "fit_min": round(float(fit.min()), 3)}
