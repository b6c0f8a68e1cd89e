"""The trainings that make a bundle: what each starts from, learns from and how long.

`lungs` finds lung fields and unfit pictures; nothing in it knows of infection.
`teacher-K` learns infection without fold K; `student-K` goes on from it with the teacher's maps of unmasked radiographs.
`final` goes on from student 1, on all folds, with the mean map of all students as its teacher.
Every figure of cross-validation, and every number that calibration finds, comes from student K on fold K.
The test split is fold 0 and belongs to none of them.
"""

from dataclasses import dataclass

FOLDS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Plan:
    name: str
    steps: int
    # (share of the steps, side of the pictures): small pictures first, to save time.
    sides: tuple
    # How many radiographs of each pool stand in one batch.
    batch: dict
    rate: float
    start: str | None = None
    leave_out: int | None = None
    # Names of the trainings whose mean map labels the unmasked radiographs.
    teachers: tuple = ()


LUNGS = {"lung": 9, "any": 4, "unfit": 3}
TEACHER = {"infected": 3, "scored": 3, "positive": 1, "doubtful": 2, "normal": 3, "lung": 2, "unfit": 2}
STUDENT = {"infected": 4, "scored": 4, "positive": 2, "doubtful": 1, "normal": 3, "lung": 1, "unfit": 2}


def lungs(scale):
    return Plan("lungs", round(900 * scale), ((0.5, 128), (1.0, 192)), LUNGS, 1.5e-3)


def teacher(k, scale):
    return Plan(f"teacher-{k}", round(700 * scale), ((0.5, 128), (1.0, 192)), TEACHER, 1e-3, "lungs", k)


def student(k, scale):
    return Plan(f"student-{k}", round(500 * scale), ((0.65, 160), (1.0, 224)), STUDENT, 7e-4, f"teacher-{k}", k, (f"teacher-{k}",))


def final(scale):
    every = tuple(f"student-{k}" for k in FOLDS)
    return Plan("final", round(1100 * scale), ((0.35, 160), (0.7, 192), (1.0, 256)), STUDENT, 7e-4, "student-1", None, every)


def all_plans(scale):
    """In an order in which each finds its start and its teachers."""
    return [lungs(scale), *(teacher(k, scale) for k in FOLDS), *(student(k, scale) for k in FOLDS), final(scale)]
