"""Trains the float network by one plan; resumes from its last checkpoint."""

import copy

import numpy as np
import torch
from torch.nn import functional as F
from tqdm import tqdm

from . import augment, losses
from .network import Network, load_imagenet, normalise, parameters
from .weak import weak_loss

CHECKPOINT_EVERY = 100
EMA_DECAY = 0.997
WEIGHT_DECAY, WARM_UP = 2e-2, 60
# What each loss weighs.
WEIGHTS = {"lung": 1.0, "infection": 1.0, "fit": 0.3, "weak": 0.7, "detection": 0.4, "pseudo": 0.8}


def batch_at(step, cfg, plan, pools, cache, weak=None, pseudo=None, side=256):
    """The batch of one step: a function of seed, plan and step alone, so that a resumed training repeats nothing."""
    rng = torch.Generator().manual_seed((cfg.seed * 131 + sum(plan.name.encode())) * 1_000_003 + step)
    picks, bad, marked = [], [], []
    for name, count in plan.batch.items():
        group = pools.group(name)
        order = torch.randint(0, len(group), (count,), generator=rng)
        marked += range(len(picks), len(picks) + count) if name in ("scored", "positive") else []
        picks += [group[int(k)] for k in order]
        bad += [name == "unfit"] * count
    bad, n = torch.tensor(bad), len(picks)
    image = torch.from_numpy(cache["image"][picks]).float()[:, None]
    labels = torch.full((n, 5, *image.shape[-2:]), losses.UNKNOWN, dtype=torch.uint8)
    labels[:, 0] = torch.from_numpy(cache["lung"][picks])
    labels[:, 2] = 0
    for k, i in enumerate(picks):
        if i not in pools.pediatric:
            labels[k, 1] = torch.from_numpy(cache["infection"][i])
        if weak and i in weak.zones:
            labels[k, 2] = torch.from_numpy(weak.zones[i])
        if k in marked and i in weak.boxes:
            labels[k, 3] = torch.from_numpy(weak.boxes[i])
        if k in marked and pseudo and i in pseudo:
            labels[k, 4] = torch.from_numpy(pseudo[i])
    if "infected" in plan.batch:
        augment.join_halves(image, labels, plan.batch["infected"], [k for k, i in enumerate(picks) if not bad[k] and i in pools.emptied], rng)
    if side != image.shape[-1]:
        image = F.interpolate(image, size=(side, side), mode="area")
        labels = F.interpolate(labels.float(), size=(side, side), mode="nearest-exact").to(torch.uint8)
    image, lung, (rest,), mirrored = augment.flip(image, labels[:, :1], (labels[:, 1:],), rng)
    labels = torch.cat([lung, rest], 1)
    kind, turns = torch.where(mirrored, augment.MIRRORED, augment.FIT), torch.zeros(n)
    if bad.any():
        field = (labels[bad][:, 1:2] != losses.UNKNOWN) & (labels[bad][:, 2:3] > 0)
        field |= (labels[bad][:, :1] == 1) | (labels[bad][:, :1] == 2)
        image[bad], kind[bad], turns[bad], painted = augment.unfit(image[bad], field, rng)
        labels[bad] = losses.UNKNOWN
        empty = torch.zeros_like(labels[bad][:, 1]).where(painted.view(-1, 1, 1), torch.tensor(losses.UNKNOWN, dtype=torch.uint8))
        labels[bad, 1] = empty
        labels[bad, 2] = 0
    image, labels = augment.affine(image, labels, rng, turns)
    labels[:, 2][labels[:, 2] == losses.UNKNOWN] = 0
    image = augment.exposure(image, rng)
    image = augment.rewindow(augment.borders_and_text(image, rng))
    said = torch.tensor([-1.0 if bad[k] or weak is None else pools.said.get(i, -1.0) for k, i in enumerate(picks)])
    heart_in = torch.tensor([pools.heart_in[i] for i in picks])
    return image, labels, heart_in, kind, said, [(k, picks[k], bool(mirrored[k])) for k in marked]


def total_loss(net, batch, weak):
    image, labels, heart_in, kind, said, items = batch
    out_lung, out_infection, out_fit = net(normalise(image).contiguous(memory_format=torch.channels_last))
    up = lambda z: F.interpolate(z, size=image.shape[-2:], mode="bilinear", align_corners=False)
    parts = {"lung": losses.lung_loss(up(out_lung), labels[:, 0], heart_in), "fit": losses.fit_loss(out_fit, kind)}
    if weak:
        z = up(out_infection)
        parts["infection"] = losses.infection_loss(z, labels[:, 1])
        parts["detection"] = losses.detection_loss(z, labels[:, 2], said)
        parts["weak"] = weak_loss(z, labels[:, 2], labels[:, 3], items, weak)
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
    net = Network()
    net.load_state_dict(state["ema"])
    return net.eval()


def finished(work, plan):
    path = work / f"{plan.name}.pt"
    return path.exists() and torch.load(path, map_location="cpu", weights_only=True)["step"] >= plan.steps


def train(cfg, plan, pools, cache, weak=None, pseudo=None):
    torch.manual_seed(cfg.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net = Network() if plan.start is None else load(cfg.work, plan.start)
    if plan.start is None and cfg.imagenet:
        print(f"encoder: {load_imagenet(net, cfg.imagenet)} convolutions from ImageNet weights")
    print(f"{plan.name}: {parameters(net):,} parameters; " + ", ".join(f"{k} {len(pools.group(k))}" for k in plan.batch), flush=True)
    net = net.to(device, memory_format=torch.channels_last)
    ema = copy.deepcopy(net).eval()
    groups = [[p for p in net.parameters() if p.ndim > 1], [p for p in net.parameters() if p.ndim == 1]]
    decays = [{"params": g, "weight_decay": w} for g, w in zip(groups, (WEIGHT_DECAY, 0.0))]
    optimiser = torch.optim.AdamW(decays, lr=plan.rate)
    checkpoint, start = cfg.work / f"{plan.name}.pt", 0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        net.load_state_dict(state["net"]), ema.load_state_dict(state["ema"])
        optimiser.load_state_dict(state["optimiser"])
        start = state["step"]
        print(f"resumed at step {start}")
    bar = tqdm(range(start, plan.steps), initial=start, total=plan.steps, unit="step", mininterval=20, desc=plan.name)
    running = {}
    for step in bar:
        side = next(s for share, s in plan.sides if step < share * plan.steps or share == 1.0)
        batch = batch_at(step, cfg, plan, pools, cache, weak, pseudo, side)
        net.train()
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(plan, step)
        batch = [t.to(device) if torch.is_tensor(t) else t for t in batch]
        loss, parts = total_loss(net, batch, weak)
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
        if done % CHECKPOINT_EVERY == 0 or done == plan.steps:
            state = {"net": net.state_dict(), "ema": ema.state_dict(), "optimiser": optimiser.state_dict(), "step": done}
            temporary = cfg.work / f"{plan.name}.tmp"
            torch.save(state, temporary)
            temporary.replace(checkpoint)
    return ema.cpu().eval()


@torch.no_grad()
def predict(net, images, twice=False):
    """Logits at the picture's own side for (N, S, S) bytes: lung (N, 4, S, S), infection (N, S, S), fit (N, 6).

    `twice` also asks the mirror image and takes the mean of both infection maps.
    """
    out = []
    for part in np.array_split(images, max(1, len(images) // 16)):
        x = normalise(torch.from_numpy(part).float()[:, None]).contiguous(memory_format=torch.channels_last)
        lung, infection, fit = net(x)
        if twice:
            infection = 0.5 * (infection + net(x.flip(-1))[1].flip(-1))
        up = lambda z: F.interpolate(z.float(), size=part.shape[-2:], mode="bilinear", align_corners=False).numpy()
        out.append((up(lung), up(infection)[:, 0], fit.mean((2, 3)).numpy()))
    return tuple(np.concatenate([o[k] for o in out]) for k in range(3))
