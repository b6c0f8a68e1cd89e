"""What the emulated machine boots: Debian's own kernel for arm64, busybox and v4l2-ctl, unpacked into a folder.

Goes by a private apt root, so that neither the machine's packages nor its architectures change, and asks the mirror
that the machine itself uses; apt checks the signatures. Needs apt-get and dpkg-deb, not root.
"""
import glob
import os
import re
import subprocess
from pathlib import Path

DEFAULT_MIRROR = "http://deb.debian.org/debian"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# A mirror that does not answer is given up rather than waited for.
FETCH_SECONDS_MAX = 300


def guest_parts(folder):
    """The kernel, its modules, busybox and v4l2-ctl below `folder`; fetched where they are not there."""
    folder = Path(folder)
    for ready, fetch_some in ((folder / "ready", fetch), (folder / "ready-tools", fetch_tools)):
        if not ready.exists():
            fetch_some(folder)
            ready.touch()
    return Parts(folder)


class Parts:
    """Where the pieces lie."""

    def __init__(self, folder):
        self.folder = Path(folder)
        [kernel] = glob.glob(f"{folder}/root/boot/vmlinuz-*")
        self.kernel = Path(kernel)
        self.release = self.kernel.name.removeprefix("vmlinuz-")
        # Where /lib and /usr/lib are one folder, packages bring the latter.
        places = [Path(folder) / "root" / top / self.release for top in ("lib/modules", "usr/lib/modules")]
        self.modules = next(place for place in places if place.is_dir())
        busybox = [Path(folder) / "root" / top / "busybox" for top in ("bin", "usr/bin")]
        self.busybox = next(path for path in busybox if path.exists())
        self.v4l2_ctl = Path(folder) / "tools/usr/bin/v4l2-ctl"
        # By the names that programs ask for: links to the files.
        libraries = (Path(folder) / "tools/usr/lib/aarch64-linux-gnu").glob("*.so.*")
        self.libraries = [path for path in libraries if re.fullmatch(r".*\.so\.\d+", path.name)]

    def has_module(self, name):
        return f"/{name}.ko" in (self.modules / "modules.dep").read_text()


def fetch(folder):
    apt = updated(folder)
    text = run([*apt, "apt-cache", "depends", "linux-image-arm64"])
    image = re.search(r"Depends: (linux-image-\S+-arm64)", text)[1].split(":")[0]
    unpack(folder, apt, [image, "busybox-static"], folder / "root")
    release = next((folder / "root/boot").glob("vmlinuz-*")).name.removeprefix("vmlinuz-")
    run(["depmod", "-b", str(folder / "root"), release])


def fetch_tools(folder):
    """v4l2-ctl, and those of its libraries that a cross compiler does not bring."""
    apt = updated(folder)
    kinds = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    text = run([*apt, "apt-cache", "depends", "--recurse", *(f"--no-{kind}" for kind in kinds), "v4l-utils"])
    libraries = re.findall(r"^(lib(?:v4l|jpeg|stdc\+\+|udev)[^:\s]*)$", text, re.MULTILINE)
    unpack(folder, apt, ["v4l-utils", *libraries], folder / "tools")


def own_architecture():
    return run(["dpkg", "--print-architecture"]).strip()


def updated(folder, architecture="arm64"):
    """The words to put before an apt command, whose lists are fresh."""
    apt = apt_root(folder / "apt", architecture)
    run([*apt, "apt-get", "update", "-qq"])
    return apt


def unpack(folder, apt, packages, into):
    debs = folder / "debs"
    debs.mkdir(exist_ok=True)
    run([*apt, "apt-get", "download", "-qq", *packages], cwd=debs)
    for deb in sorted(debs.glob("*.deb")):
        run(["dpkg-deb", "-x", str(deb), str(into)])
        deb.unlink()


def apt_root(folder, architecture):
    """The words to put before an apt command."""
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(
        f"deb [arch={architecture} signed-by={KEYRING}] {mirror()} {codename()} main\n"
    )
    settings = {
        "Dir::State": folder,
        "Dir::State::status": folder / "status",
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "APT::Architecture": architecture,
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "root",
    }
    config = folder / "apt.conf"
    lines = [f'{key} "{value}";' for key, value in settings.items()]
    config.write_text("\n".join([*lines, f'APT::Architectures {{ "{architecture}"; }};', ""]))
    return ["env", f"APT_CONFIG={config}"]


def mirror():
    """The first archive that this machine's own sources name, or Debian's own."""
    for path in ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*"))]:
        try:
            text = Path(path).read_text()
        except OSError:
            continue
        found = re.search(r"^(?:deb\s+(?:\[[^]]*\]\s+)?|URIs:\s*)(\S+/debian)/?(?:\s|$)", text, re.MULTILINE)
        if found:
            return found[1]
    return DEFAULT_MIRROR


def codename():
    text = Path("/etc/os-release").read_text()
    return re.search(r"^VERSION_CODENAME=(\w+)", text, re.MULTILINE)[1]


def run(command, cwd=None):
    done = subprocess.run(
        command, cwd=cwd, check=False, text=True, timeout=FETCH_SECONDS_MAX,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "LC_ALL": "C"},
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout[-2000:]}")
    return done.stdout
