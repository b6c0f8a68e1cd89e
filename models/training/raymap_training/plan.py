"""The trainings that make a bundle: what each starts from, learns from and how long.

`lungs` finds lung fields and unfit pictures; nothing in it knows of infection.
`teacher-K-a`, larger than the device's network, and `teacher-K-b`, of its size, learn infection without fold K; the mean of their maps labels the radiographs that nobody outlined.
`student-K` goes on from `lungs` with the maps of fold K's teachers; `final` with the mean map of all teachers, on all folds.
Every figure of cross-validation, and every number that calibration finds, comes from student K on fold K.
The test split is fold 0 and belongs to none of them.

Trainings of another recipe, short and without teachers, are for figures alone: `without-NAME` (`apart.py`) learns nothing of some sources, `LICENCES-SEED` (`twins.py`) no infection of one fold.
"""

from dataclasses import dataclass, replace

FOLDS = (1, 2, 3, 4)
# The teachers of one fold: layout, and what they start from (None: ImageNet weights).
SIBLINGS = {"a": ("lite2", None), "b": ("lite0", "lungs")}
# Sources that are left out together, to see what the recipe does on radiographs of strangers.
APART = {
    "nih": ("nih",),
    "cohen": ("cohen", "brixia"),
    "collections": ("covidcxnet", "hmh", "fig1", "actualmed"),
    "lungs-alone": ("jsrt", "kermany"),
}
# Short trainings that differ in licences (whether permissive ones alone) and seed, without the fold that holds the validation split.
TWINS = {"everything": False, "permissive": True}
TWINS_SEEDS = (1, 2)
TWINS_WITHOUT_FOLD = 1


@dataclass(frozen=True)
class Plan:
    name: str
    steps: int
    # (share of the steps, side of the pictures): small pictures first, to save time.
    sides: tuple
    # How many radiographs of each pool stand in one batch.
    batch: dict
    rate: float
    layout: str = "lite0"
    start: str | None = None
    leave_out: int | None = None
    # Folds whose teachers' mean map labels the radiographs without an outline.
    taught_by: tuple = ()
    # The training whose lung fields divide its radiographs into zones; None for one that finds lung fields itself.
    zones: str | None = "lungs"
    # Sources of which it sees nothing.
    without: tuple = ()


LUNGS = {"lung": 9, "any": 4, "unfit": 3}
TEACHER = {"infected": 4, "scored": 4, "positive": 1, "doubtful": 2, "normal": 3, "lung": 2, "unfit": 2}
STUDENT = {"infected": 4, "scored": 5, "positive": 3, "doubtful": 1, "normal": 3, "lung": 2, "unfit": 3}


def lungs(scale):
    return Plan("lungs", round(900 * scale), ((0.5, 128), (1.0, 192)), LUNGS, 1.5e-3, zones=None)


def siblings(k):
    return [f"teacher-{k}-{letter}" for letter in SIBLINGS]


def teacher(k, letter, scale):
    layout, start = SIBLINGS[letter]
    return Plan(f"teacher-{k}-{letter}", round(700 * scale), ((0.8, 192), (1.0, 256)), TEACHER, 1e-3, layout, start, k)


def taught(name, leave_out, taught_by, scale):
    return Plan(name, round(1300 * scale), ((0.55, 192), (1.0, 256)), STUDENT, 1e-3, "lite0", "lungs", leave_out, taught_by)


def student(k, scale):
    return taught(f"student-{k}", k, (k,), scale)


def final(scale):
    return taught("final", None, FOLDS, scale)


def short(name, scale, leave_out=None, without=()):
    """Lung fields and infection of the device's size, without teachers and short."""
    found = replace(lungs(0.5 * scale), name=f"lungs-{name}", without=without)
    steps, sides = round(500 * scale), ((0.75, 192), (1.0, 256))
    return [found, Plan(name, steps, sides, TEACHER, 1e-3, "lite0", found.name, leave_out, zones=found.name, without=without)]


def all_plans(scale):
    """In an order in which each finds its start and its teachers."""
    teachers = [teacher(k, letter, scale) for k in FOLDS for letter in SIBLINGS]
    return [lungs(scale), *teachers, *(student(k, scale) for k in FOLDS), final(scale)]
