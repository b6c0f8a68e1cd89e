"""A digital input on the emulated machine: its signal lost and changed, its driver's faults; readings before and after.

The kernel's test driver sends a radiograph out by a digital output, which is looped to its digital input.
"""
import time

from hang_story import whole_lines
from line import question
from story import READING_SECONDS_MAX, SHELL_SECONDS_MAX, claim, nothing_else_was_told, self_tested, told, wait_line_of
from vivid_story import ran, without_driver

# Two instances, each with an input and an output: the first gives planes, the second single buffers.
INPUTS = {"planes": 8, "single buffers": 9}
OUTPUT_AFTER = 10
MODULE = ("n_devs=2 node_types=0x101,0x101 num_inputs=1,1 input_types=3,3 num_outputs=1,1 output_types=1,1 "
          "multiplanar=2,1 vid_cap_nr=8,9 vid_out_nr=18,19")
# Numbers of the driver's menus: what arrives, and of which size, 24 times a second.
LOSSES = {"no signal": 1, "no lock": 2, "a signal out of range": 3}
SIGNAL = 4
SIZES = {"1280x720": 5, "1920x1080": 10}
# From a loss to the line that says so, and from the signal's return to the next frame.
SAID_SECONDS_MAX = BACK_SECONDS_MAX = 2.0
# The promise is a board's: a host that has other things to do may be late once or twice, a program that is late always is.
TRIES_MAX = 3


class Input:
    """One of the driver's inputs, which the station has as its grabber."""

    def __init__(self, machine, way):
        self.machine, self.way, self.node = machine, way, INPUTS[way]
        self.questions = 0

    def set(self, **controls):
        """Sets the driver's controls; when that was done."""
        words = ",".join(f"{name}={value}" for name, value in controls.items())
        ran(self.machine, f"v4l2-ctl -d /dev/video{self.node} -c {words}")
        return time.monotonic()

    def prepare(self):
        self.set(loop_video=1, osd_text_mode=2, dv_timings_signal_mode=SIGNAL, dv_timings=SIZES["1280x720"])
        sizes = f"--set-dv-bt-timings index={SIZES['1280x720']} --set-fmt-video-out=width=1280,height=720,pixelformat=GREY"
        ran(self.machine, f"v4l2-ctl -d /dev/video{self.node + OUTPUT_AFTER} {sizes}")

    def play(self, number):
        """Sends the radiograph of that number again and again, and nothing else."""
        out = f"v4l2-ctl -d /dev/video{self.node + OUTPUT_AFTER} --stream-out-mmap --stream-loop"
        self.silence()
        ran(self.machine, f"({out} --stream-from=/root/frame-{number} > /dev/null 2>&1 &)")

    def silence(self):
        ran(self.machine, "kill $(pidof v4l2-ctl) 2> /dev/null; while pidof v4l2-ctl > /dev/null; do sleep 0.1; done")

    def held(self):
        """The station's process and how many descriptors it holds."""
        text = ran(self.machine, "pid=$(pidof raymap | cut -d ' ' -f 1); echo $pid $(ls /proc/$pid/fd | wc -l)")
        return tuple(map(int, text.split()[-2:]))

    def is_told(self, start, words):
        """Waits for a record of the log behind `start` that has these words."""
        wait_line_of(self.machine.line, lambda l: l.kind == "log" and words in l.plain("text"), SHELL_SECONDS_MAX, start)

    def is_lost(self, start, since):
        """Seconds until the line says that nothing comes."""
        is_fault = lambda l: l.kind == "fault" and l.fields["code"] == "capture_no_signal"  # noqa: E731
        wait_line_of(self.machine.line, is_fault, SHELL_SECONDS_MAX, start)
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


def digital_input(bench):
    """A radiograph, then everything that happens to a signal and a driver, then another; in planes, then in single buffers."""
    if without_driver(bench, "a digital input whose signal goes and comes"):
        return
    machine = bench.boot("vivid")
    try:
        self_tested(machine)
        ran(machine, f"modprobe vivid {MODULE}")
        inputs = [Input(machine, way) for way in INPUTS]
        for one in inputs:
            one.prepare()
        for number, one in enumerate(inputs):
            ran(machine, f"ln -sfn /dev/video{one.node} /dev/grabber")
            if number:
                # The station lets go of the one and opens the other.
                inputs[number - 1].set(inject_fatal_streaming_error=1)
            one.play(0)
            since = whole_lines(machine)
            wait_line_of(machine.line, bench.cases[0].is_told_by, READING_SECONDS_MAX, since)
            before = one.held()
            happen(one)
            one.play(1)
            line = wait_line_of(machine.line, bench.cases[1].is_told_by, READING_SECONDS_MAX, since)
            claim(f"after all that, {bench.cases[1].name} is read in {one.way} as the host reads it: {line.text}")
            assert one.held() == before, f"process and descriptors: {before} before, {one.held()} after"
            claim(f"and it is the same process with the same {before[1]} descriptors")
        nothing_else_was_told(bench, machine)
        claim("no noise, no frame from another size and none with the error flag was read as a radiograph")
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
    claim(f"in {one.way}, a source that changes its size is followed: {', '.join(reversed(SIZES))}")
    start = whole_lines(one.machine)
    one.set(inject_v4l2_buf_flag_error=1)
    one.is_told(start, "the device marked it as damaged")
    claim(f"in {one.way}, a buffer with the error flag is passed over")
    for before in ({}, {"inject_vidioc_streamon_error": 1}, {"inject_vidioc_qbuf_error": 1}):
        breaks(one, {**before, "inject_fatal_streaming_error": 1}, "Input/output error")
    claim(f"in {one.way}, a fatal stream error is mended, also where starting the stream or handing over a buffer fails next")
    breaks(one, {"disconnect": 1}, "No such device")
    claim(f"in {one.way}, a disconnected device is opened again")


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


def breaks(one, controls, words):
    start = whole_lines(one.machine)
    since = one.set(**controls)
    one.is_told(start, words)
    one.is_told(start, "opened again")
    one.is_back(since)


CHAPTERS = [digital_input]
