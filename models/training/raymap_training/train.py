"""Trains the float network by one plan; resumes from its last checkpoint."""

import copy
import zlib
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F
from tqdm import tqdm

from . import augment, losses
from .network import Network, imagenet_weights, load_imagenet, normalise, parameters
from .weak import weak_loss

CHECKPOINT_EVERY, REPORT_EVERY = 100, 20
EMA_DECAY = 0.997
WEIGHT_DECAY, WARM_UP = 2e-2, 60
# Logit of a probability near the thresholds that calibration finds.
FOLLOWED_AT = -0.85
# What each loss weighs.
WEIGHTS = {"lung": 1.0, "infection": 1.0, "fit": 0.3, "weak": 1.2, "detection": 0.4, "pseudo": 0.8}


@dataclass
class Batch:
    """`image` (N, 1, S, S) in 0..255; `labels` (N, 5, S, S) bytes: lung, infection, zones, boxes, a teacher's map."""

    image: torch.Tensor
    labels: torch.Tensor
    heart_in: torch.Tensor
    kind: torch.Tensor
    # The chance of opacity by what was said, negative where nobody said.
    said: torch.Tensor
    # Bounds of the radiographs that stand for what readers scored; None for a training without.
    bounds: object


def picked(plan, pools, draws):
    """Indices of the radiographs of one batch, group after group, and where each group stands; an empty group has no place."""
    picks, places = [], {}
    for name, count in plan.batch.items():
        group = pools.group(name)
        if not group:
            continue
        places[name] = slice(len(picks), len(picks) + count)
        picks += [group[draws.below(len(group))] for _ in range(count)]
    return picks, places


def labels_of(picks, marked, pools, cache, weak, pseudo):
    labels = np.full((len(picks), 5, *cache["image"].shape[1:]), losses.UNKNOWN, np.uint8)
    labels[:, 0] = cache["lung"][picks]
    labels[:, 2] = 0
    for k, i in enumerate(picks):
        if i not in pools.pediatric:
            labels[k, 1] = cache["infection"][i]
        if weak and i in weak.zones:
            labels[k, 2] = weak.zones[i]
        if k in marked and i in weak.boxes:
            labels[k, 3] = weak.boxes[i]
        if k in marked and pseudo and i in pseudo:
            labels[k, 4] = pseudo[i]
    return torch.from_numpy(labels)


def batch_at(step, cfg, plan, pools, cache, weak=None, pseudo=None, side=256, device="cpu"):
    """The batch of one step: a function of seed, plan and step alone, so that a resumed training repeats nothing."""
    draws = augment.Draws(zlib.crc32(f"{cfg.seed} {plan.name} {step}".encode()), device)
    picks, places = picked(plan, pools, draws)
    marked = [k for name in ("scored", "positive") if name in places for k in range(places[name].start, places[name].stop)]
    bad = places.get("unfit", slice(0, 0))
    image = torch.from_numpy(cache["image"][picks]).to(device).float()[:, None]
    labels = labels_of(picks, marked, pools, cache, weak, pseudo).to(device)
    if "infected" in places:
        empty = [k for k, i in enumerate(picks) if not bad.start <= k < bad.stop and i in pools.emptied]
        augment.join_halves(image, labels, plan.batch["infected"], empty, draws)
    if side != image.shape[-1]:
        image = F.interpolate(image, size=(side, side), mode="area")
        labels = F.interpolate(labels.float(), size=(side, side), mode="nearest-exact").to(torch.uint8)
    image, lung, (rest,), mirrored = augment.flip(image, labels[:, :1], (labels[:, 1:],), draws)
    labels = torch.cat([lung, rest], 1)
    kind, turns = torch.where(mirrored, augment.MIRRORED, augment.FIT), torch.zeros(len(picks))
    if bad.stop > bad.start:
        field = (labels[bad, 1:2] != losses.UNKNOWN) & (labels[bad, 2:3] > 0)
        field |= (labels[bad, :1] == 1) | (labels[bad, :1] == 2)
        image[bad], kind[bad], turns[bad], painted = augment.unfit(image[bad], field, draws)
        labels[bad] = losses.UNKNOWN
        labels[bad, 1] = torch.where(painted, 0, losses.UNKNOWN).to(torch.uint8).to(device).view(-1, 1, 1)
        labels[bad, 2] = 0
    image, labels = augment.affine(image, labels, draws, turns)
    labels[:, 2].masked_fill_(labels[:, 2] == losses.UNKNOWN, 0)
    image = augment.rewindow(augment.borders_and_text(augment.exposure(image, draws), draws))
    unsaid = lambda k: weak is None or bad.start <= k < bad.stop
    said = torch.tensor([-1.0 if unsaid(k) else pools.said.get(i, -1.0) for k, i in enumerate(picks)])
    heart_in = torch.tensor([pools.heart_in[i] for i in picks])
    bounds = weak.batch([(k, picks[k], bool(mirrored[k])) for k in marked], device) if weak else None
    return Batch(image, labels, heart_in.to(device), kind.to(device), said.to(device), bounds)


def total_loss(net, batch):
    image, labels = batch.image, batch.labels
    with torch.autocast(image.device.type, torch.bfloat16, enabled=image.is_cuda or torch.cpu._is_avx512_bf16_supported()):
        outputs = net(normalise(image).contiguous(memory_format=torch.channels_last))
    out_lung, out_infection, out_fit = (o.float() for o in outputs)
    up = lambda z: F.interpolate(z, size=image.shape[-2:], mode="bilinear", align_corners=False)
    parts = {"lung": losses.lung_loss(up(out_lung), labels[:, 0], batch.heart_in), "fit": losses.fit_loss(out_fit, batch.kind)}
    if batch.bounds:
        z = up(out_infection)
        parts["infection"] = losses.infection_loss(z, labels[:, 1])
        parts["detection"] = losses.detection_loss(z, labels[:, 2], batch.said)
        parts["weak"] = weak_loss(z, labels[:, 2], labels[:, 3], batch.bounds)
        parts["pseudo"] = losses.pseudo_loss(z, labels[:, 4], labels[:, 4] != losses.UNKNOWN)
    return sum(WEIGHTS[k] * v for k, v in parts.items()), parts


def learning_rate(plan, step):
    if step < WARM_UP:
        return plan.rate * (step + 1) / WARM_UP
    x = (step - WARM_UP) / max(1, plan.steps - WARM_UP)
    return float(plan.rate * (0.5 * (1 + np.cos(np.pi * x)) * 0.98 + 0.02))


def load(work, name):
    """The averaged network of a finished training."""
    state = torch.load(work / f"{name}.pt", map_location="cpu", weights_only=True)
    net = Network(state.get("layout", "lite0"))
    net.load_state_dict(state["ema"])
    return net.eval()


def finished(work, plan):
    path = work / f"{plan.name}.pt"
    return path.exists() and torch.load(path, map_location="cpu", weights_only=True)["step"] >= plan.steps


def started(cfg, plan):
    """The network that a training begins with."""
    if plan.start is not None:
        return load(cfg.work, plan.start).train()
    net, weights = Network(plan.layout), imagenet_weights(plan.layout)
    if weights:
        print(f"encoder: {load_imagenet(net, weights)} convolutions from ImageNet weights")
    return net


class Training:
    """A network under training: its average over steps, its optimiser, its checkpoint."""

    def __init__(self, cfg, plan, device):
        torch.manual_seed(cfg.seed)
        self.plan, self.path, self.step = plan, cfg.work / f"{plan.name}.pt", 0
        self.net = started(cfg, plan).to(device, memory_format=torch.channels_last)
        self.ema = copy.deepcopy(self.net).eval()
        groups = [[p for p in self.net.parameters() if (p.ndim > 1) == many] for many in (True, False)]
        decays = [{"params": g, "weight_decay": w} for g, w in zip(groups, (WEIGHT_DECAY, 0.0))]
        self.optimiser = torch.optim.AdamW(decays, lr=plan.rate, fused=device == "cuda")
        if self.path.exists():
            self.resume(torch.load(self.path, map_location=device, weights_only=True))

    def resume(self, state):
        self.net.load_state_dict(state["net"]), self.ema.load_state_dict(state["ema"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]
        print(f"resumed at step {self.step}")

    def keep(self):
        state = {"net": self.net.state_dict(), "ema": self.ema.state_dict(), "optimiser": self.optimiser.state_dict()}
        temporary = self.path.with_suffix(".tmp")
        torch.save({**state, "step": self.step, "layout": self.plan.layout}, temporary)
        temporary.replace(self.path)

    def learn(self, batch):
        """One step; returns what each loss was."""
        self.net.train()
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.plan, self.step)
        loss, parts = total_loss(self.net, batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self.average(min(EMA_DECAY, (1 + self.step) / (10 + self.step)))
        self.step += 1
        return parts

    @torch.no_grad()
    def average(self, decay):
        pairs = list(zip(self.ema.state_dict().values(), self.net.state_dict().values()))
        floats = [(a, b) for a, b in pairs if a.is_floating_point()]
        torch._foreach_lerp_([a for a, _ in floats], [b for _, b in floats], 1 - decay)
        for a, b in pairs:
            if not a.is_floating_point():
                a.copy_(b)


def train(cfg, plan, pools, cache, weak=None, pseudo=None):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    training = Training(cfg, plan, device)
    held = [i for i in pools.held_out if weak and i in weak.zones]
    print(f"{plan.name}: {parameters(training.net):,} parameters; " + ", ".join(f"{k} {len(pools.group(k))}" for k in plan.batch), flush=True)
    bar = tqdm(range(training.step, plan.steps), initial=training.step, total=plan.steps, unit="step", mininterval=20, desc=plan.name)
    for step in bar:
        side = next(s for share, s in plan.sides if step < share * plan.steps or share == 1.0)
        parts = training.learn(batch_at(step, cfg, plan, pools, cache, weak, pseudo, side, device))
        if step % REPORT_EVERY == 0:
            bar.set_postfix({k: f"{float(v.detach()):.3f}" for k, v in parts.items()}, refresh=False)
        if training.step % CHECKPOINT_EVERY == 0 or training.step == plan.steps:
            training.keep()
            if held:
                print(f"{plan.name} step {training.step}: Dice on the fold left out {held_out_dice(training.ema, cache, held, weak):.3f}", flush=True)
    return training.ema.cpu().eval()


def held_out_dice(net, cache, held, weak):
    """Mean Dice at `FOLLOWED_AT` within the lung field: to follow a training by, not to choose it by."""
    scores = []
    for i, z in zip(held, predict(net, cache["image"][held], twice=True)[1]):
        found, truth = (z > FOLLOWED_AT) & (weak.zones[i] > 0), cache["infection"][i] == 1
        scores.append(2 * (found & truth).sum() / max(1, found.sum() + truth.sum()))
    return float(np.mean(scores))


@torch.no_grad()
def predict(net, images, twice=False):
    """Logits at the picture's own side for (N, S, S) bytes: lung (N, 4, S, S), infection (N, S, S), fit (N, 6).

    `twice` also asks the mirror image and takes the mean of both infection maps.
    """
    out, device = [], next(net.parameters()).device
    for part in np.array_split(images, max(1, len(images) // 16)):
        x = normalise(torch.from_numpy(part).to(device).float()[:, None]).contiguous(memory_format=torch.channels_last)
        lung, infection, fit = net(x)
        if twice:
            infection = 0.5 * (infection + net(x.flip(-1))[1].flip(-1))
        up = lambda z: F.interpolate(z.float(), size=part.shape[-2:], mode="bilinear", align_corners=False).cpu().numpy()
        out.append((up(lung), up(infection)[:, 0], fit.mean((2, 3)).cpu().numpy()))
    return tuple(np.concatenate([o[k] for o in out]) for k in range(3))
