"""What is known of a downloaded file, kept beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tcga_corr.files import sha256_of


@dataclass(frozen=True)
class Downloaded:
    """What is known of a downloaded file: its sidecar."""

    url: str
    etag: str | None
    last_modified: str | None
    size: int
    sha256: str
    fetched_at: str
    md5: str | None = None  # where the hub said what it must be

    @property
    def validator(self) -> str | None:
        """What tells the hub exactly which version this is; None where nothing does."""
        strong = self.etag if self.etag and not self.etag.startswith("W/") else None
        return strong or self.last_modified


def recorded(target: Path) -> Downloaded | None:
    """The sidecar of a downloaded file; None where there is none or the file is not what it says.

    The file is read whole, so what was damaged on disk is downloaded anew.
    """
    sidecar = read_record(sidecar_path(target))
    if not target.is_file():
        return None
    if sidecar is None or not is_as_recorded(target, sidecar):
        # killed between the two renames: the record is still under its temporary name
        sidecar = read_record(state_path(target))
        if sidecar is None or partial_path(target).exists() or not is_as_recorded(target, sidecar):
            return None
        state_path(target).replace(sidecar_path(target))
    return sidecar


def read_sidecar(target: Path) -> Downloaded | None:
    """What the sidecar of a file says, whether or not the file is so."""
    return read_record(sidecar_path(target))


def sidecar_path(target: Path) -> Path:
    """Where the record of a downloaded file is."""
    return target.with_name(f"{target.name}.json")


def received_so_far(target: Path) -> int | None:
    """Bytes of an unfinished download; None where there is none."""
    partial = partial_path(target)
    return partial.stat().st_size if partial.exists() else None


def partial_path(target: Path) -> Path:
    """Where a file is received."""
    return target.with_name(f".{target.name}.download")


def state_path(target: Path) -> Path:
    """Where the record of a file that is being received is."""
    return target.with_name(f".{target.name}.download.json")


def read_record(path: Path) -> Downloaded | None:
    """A record; None where there is none that can be read."""
    try:
        record = Downloaded(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    texts = (record.url, record.sha256, record.fetched_at)
    told = (record.etag, record.last_modified, record.md5)
    is_one = (
        isinstance(record.size, int)
        and all(isinstance(text, str) for text in texts)
        and all(text is None or isinstance(text, str) for text in told)
    )
    return record if is_one else None


def is_as_recorded(target: Path, record: Downloaded) -> bool:
    """Whether a file has the size and hash that its record says."""
    return target.stat().st_size == record.size and sha256_of(target) == record.sha256
