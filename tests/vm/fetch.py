"""What the emulated machine boots: Debian's own kernel for arm64 and its busybox, unpacked into a folder.

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
    """The kernel, its modules and busybox below `folder`; fetched where they are not there."""
    folder = Path(folder)
    ready = folder / "ready"
    if not ready.exists():
        fetch(folder)
        ready.touch()
    return Parts(folder)


class Parts:
    """Where the pieces lie."""

    def __init__(self, folder):
        [kernel] = glob.glob(f"{folder}/root/boot/vmlinuz-*")
        self.kernel = Path(kernel)
        self.release = self.kernel.name.removeprefix("vmlinuz-")
        # Where /lib and /usr/lib are one folder, packages bring the latter.
        places = [Path(folder) / "root" / top / self.release for top in ("lib/modules", "usr/lib/modules")]
        self.modules = next(place for place in places if place.is_dir())
        busybox = [Path(folder) / "root" / top / "busybox" for top in ("bin", "usr/bin")]
        self.busybox = next(path for path in busybox if path.exists())


def fetch(folder):
    apt = apt_root(folder / "apt")
    run([*apt, "apt-get", "update", "-qq"])
    text = run([*apt, "apt-cache", "depends", "linux-image-arm64"])
    image = re.search(r"Depends: (linux-image-\S+-arm64)", text)[1].split(":")[0]
    debs = folder / "debs"
    debs.mkdir(exist_ok=True)
    run([*apt, "apt-get", "download", "-qq", image, "busybox-static"], cwd=debs)
    for deb in sorted(debs.glob("*.deb")):
        run(["dpkg-deb", "-x", str(deb), str(folder / "root")])
        deb.unlink()
    release = next((folder / "root/boot").glob("vmlinuz-*")).name.removeprefix("vmlinuz-")
    run(["depmod", "-b", str(folder / "root"), release])


def apt_root(folder):
    """The words to put before an apt command."""
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(
        f"deb [arch=arm64 signed-by={KEYRING}] {mirror()} {codename()} main\n"
    )
    settings = {
        "Dir::State": folder,
        "Dir::State::status": folder / "status",
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "APT::Architecture": "arm64",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "root",
    }
    config = folder / "apt.conf"
    lines = [f'{key} "{value}";' for key, value in settings.items()]
    config.write_text("\n".join([*lines, 'APT::Architectures { "arm64"; };', ""]))
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
