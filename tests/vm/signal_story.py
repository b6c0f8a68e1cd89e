"""A digital input on the emulated machine: its signal lost and changed, its driver's faults; readings before and after.

The kernel's test driver sends a radiograph out by a digital output, which is looped to its digital input.
"""
import functools
import time

from hang_story import whole_lines
from line import lines, question
from story import READING_SECONDS_MAX, SHELL_SECONDS_MAX, claim, nothing_else_was_told, self_tested, told, wait_line_of
from vivid_story import ran, without_driver

# One input and one output, both digital; the last word says whether frames come in planes.
MODULE = "node_types=0x101 num_inputs=1 input_types=3 num_outputs=1 output_types=1 vid_cap_nr=8 vid_out_nr=9 multiplanar="
WAYS = {"planes": 2, "single buffers": 1}
INPUT, OUTPUT = "/dev/video8", "/dev/video9"
# Numbers of the driver's menus: what arrives, and of which size, 24 times a second.
LOSSES = {"no signal": 1, "no lock": 2, "a signal out of range": 3}
SIGNAL = 4
SIZES = {"1280x720": 5, "1920x1080": 10}
# From a loss to the line that says so, and from the signal's return to the next frame.
SAID_SECONDS_MAX = BACK_SECONDS_MAX = 2.0
# The promise is a board's: a host that has other things to do may be late once or twice, a program that is late always is.
TRIES_MAX = 3
FLAGGED_SECONDS_MAX = 20


class Input:
    """The driver's input, which the station has as its grabber, and the output that is looped to it."""

    def __init__(self, machine, way):
        self.machine, self.way, self.questions = machine, way, 0
        ran(machine, f"modprobe vivid {MODULE}{WAYS[way]}")
        self.set(loop_video=1, osd_text_mode=2, dv_timings_signal_mode=SIGNAL, dv_timings=SIZES["1280x720"])
        sizes = f"--set-dv-bt-timings index={SIZES['1280x720']} --set-fmt-video-out=width=1280,height=720,pixelformat=GREY"
        ran(machine, f"v4l2-ctl -d {OUTPUT} {sizes}")
        ran(machine, f"ln -s {INPUT} /dev/grabber")

    def set(self, **controls):
        """Sets the driver's controls; when that was done."""
        words = ",".join(f"{name}={value}" for name, value in controls.items())
        ran(self.machine, f"v4l2-ctl -d {INPUT} -c {words}")
        return time.monotonic()

    def play(self, number):
        """Sends the radiograph of that number again and again, and nothing else."""
        gone = "kill $(pidof v4l2-ctl) 2> /dev/null; while pidof v4l2-ctl > /dev/null; do sleep 0.1; done"
        out = f"v4l2-ctl -d {OUTPUT} --stream-out-mmap --stream-loop --stream-from=/root/frame-{number}"
        ran(self.machine, f"{gone}; ({out} > /dev/null 2>&1 &)")

    def held(self):
        """The station's process and how many descriptors it holds: the fewest of some looks, since files are written meanwhile."""
        look = "for _ in 1 2 3 4 5; do ls /proc/$pid/fd | wc -l; sleep 0.2; done"
        pid, *counts = map(int, ran(self.machine, f"pid=$(pidof raymap | cut -d ' ' -f 1); echo $pid; {look}").split())
        return pid, min(counts)

    def is_told(self, start, words, seconds_max=SHELL_SECONDS_MAX):
        """Waits for a record of the log behind `start` that has these words."""
        wait_line_of(self.machine.line, lambda l: l.kind == "log" and words in l.plain("text"), seconds_max, start)

    def is_lost(self, start, since):
        """Seconds until the line says that nothing comes."""
        wait_line_of(self.machine.line, is_no_signal, SHELL_SECONDS_MAX, start)
        return max(0.0, time.monotonic() - since)

    def is_back(self, since):
        """Seconds until the station has a frame, by what it answers."""
        end = time.monotonic() + SHELL_SECONDS_MAX
        while True:
            self.questions += 1
            start, number = whole_lines(self.machine), str(self.questions)
            self.machine.line.send(question(self.questions, do="status"))
            answer = wait_line_of(
                self.machine.line, lambda l: l.kind == "answer" and l.fields["re"] == number, SHELL_SECONDS_MAX, start)
            if answer.fields["state"] == "ready":
                return time.monotonic() - since
            assert time.monotonic() < end, f"the station has no picture: {answer.text}"


def is_no_signal(line):
    return line.kind == "fault" and line.fields["code"] == "capture_no_signal"


def digital_input(bench, way):
    """A radiograph, then everything that happens to a signal and to a driver, then another radiograph."""
    if without_driver(bench, f"a digital input in {way}"):
        return
    first, second = bench.cases
    machine = bench.boot("vivid")
    try:
        self_tested(machine)
        one = Input(machine, way)
        one.play(0)
        told(machine, first)
        before = one.held()
        happen(one)
        # Another while nothing arrives, as the grabber's is pulled out and in elsewhere.
        start = whole_lines(machine)
        one.is_lost(start, one.set(dv_timings_signal_mode=LOSSES["no signal"]))
        one.play(1)
        one.set(dv_timings_signal_mode=SIGNAL)
        line = told(machine, second)
        claim(f"after all that, {second.name} is read in {way} as the host reads it: {line.text}")
        assert one.held() == before, f"process and descriptors: {before} before, {one.held()} after"
        nothing_else_was_told(bench, machine)
        claim(f"it is the same process, with the same {before[1]} descriptors, and nothing else was taken for a radiograph")
    finally:
        machine.stop()


def happen(one):
    said, back = {}, {}
    for name, number in LOSSES.items():
        said[name], back[name] = lost_and_back(one, {"dv_timings_signal_mode": number}, {"dv_timings_signal_mode": SIGNAL})
    lost, came = lost_and_back(one, {"percentage_of_dropped_buffers": 100}, {"percentage_of_dropped_buffers": 0})
    said["all buffers dropped"], back["all buffers dropped"] = lost, came
    told_of = ", ".join(f"{name} {said[name]:.1f} s and {back[name]:.1f} s" for name in said)
    claim(f"in {one.way}, a loss is on the serial line, and the picture back, within 2 s: {told_of}")
    for size in reversed(SIZES):
        follows(one, size)
    claim(f"in {one.way}, a source that changes its size is followed without a fault: from 1280x720 to {' and to '.join(reversed(SIZES))}")
    flagged(one)
    claim(f"in {one.way}, a buffer with the error flag is passed over")
    for before in ({}, {"inject_vidioc_streamon_error": 1}, {"inject_vidioc_qbuf_error": 1}):
        breaks(one, {**before, "inject_fatal_streaming_error": 1}, "Input/output error")
    claim(f"in {one.way}, a fatal stream error is mended, also where starting the stream or handing over a buffer fails next")
    breaks(one, {"disconnect": 1}, "No such device")
    claim(f"in {one.way}, a disconnected device is opened again")


def flagged(one):
    """One flagged buffer that the station sees: the driver may lose it where no buffer is filled at that moment."""
    for left in reversed(range(TRIES_MAX)):
        start = whole_lines(one.machine)
        one.set(inject_v4l2_buf_flag_error=1)
        try:
            return one.is_told(start, "the device marked it as damaged", FLAGGED_SECONDS_MAX)
        except AssertionError:
            if not left:
                raise


def lost_and_back(one, loss, remedy):
    """Seconds to the line that says so, and from the remedy to the next frame: the best of a few tries."""
    tries = []
    for _ in range(TRIES_MAX):
        start = whole_lines(one.machine)
        said = one.is_lost(start, one.set(**loss))
        tries.append((said, one.is_back(one.set(**remedy))))
        if said <= SAID_SECONDS_MAX and tries[-1][1] <= BACK_SECONDS_MAX:
            return tries[-1]
    raise AssertionError(f"{loss} in {one.way}: said and back after these seconds: {tries}")


def follows(one, size):
    start = whole_lines(one.machine)
    since = one.set(dv_timings=SIZES[size])
    one.is_told(start, f"a picture of {size} arrives")
    one.is_told(start, f"GREY at {size}")
    one.is_back(since)
    faults = [l.text for l in lines(one.machine.line.text[start:]) if l.kind == "fault"]
    assert not faults, f"a picture of {size} that comes in place of another is a fault: {faults}"


def breaks(one, controls, words):
    start = whole_lines(one.machine)
    since = one.set(**controls)
    one.is_told(start, words)
    one.is_told(start, "opened again")
    one.is_back(since)


CHAPTERS = [functools.partial(digital_input, way=way) for way in WAYS]
