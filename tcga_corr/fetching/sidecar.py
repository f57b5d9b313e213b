"""The record of a downloaded file, kept beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tcga_corr.exchange import read_json_object
from tcga_corr.files import sha256_of


@dataclass(frozen=True)
class DownloadRecord:
    """Where a downloaded file is from, its version there, and its hash: the sidecar's content."""

    url: str
    etag: str | None
    last_modified: str | None
    size: int
    sha256: str
    fetched_at: str
    md5: str | None = None  # as published by the hub

    @property
    def validator(self) -> str | None:
        """What identifies exactly this version to the hub; None if nothing does."""
        strong = self.etag if self.etag and not self.etag.startswith("W/") else None
        return strong or self.last_modified


def verified_record(target: Path) -> DownloadRecord | None:
    """The sidecar of a downloaded file; None if it is missing or the file differs from it.

    The whole file is read, so one that was damaged on disk is downloaded again.
    """
    record = read_sidecar(target)
    if not target.is_file():
        return None
    if record is None or not matches_record(target, record):
        # killed between the two renames: the record still has its temporary name
        record = read_record(state_path(target))
        if record is None or partial_path(target).exists() or not matches_record(target, record):
            return None
        state_path(target).replace(sidecar_path(target))
    return record


def read_sidecar(target: Path) -> DownloadRecord | None:
    """The sidecar of a file, whether or not the file matches it."""
    return read_record(sidecar_path(target))


def sidecar_path(target: Path) -> Path:
    """Path of the record of a downloaded file."""
    return target.with_name(f"{target.name}.json")


def bytes_received(target: Path) -> int | None:
    """Size of an unfinished download; None if there is none."""
    partial = partial_path(target)
    return partial.stat().st_size if partial.exists() else None


def partial_path(target: Path) -> Path:
    """Path at which a file is received."""
    return target.with_name(f".{target.name}.download")


def state_path(target: Path) -> Path:
    """Path of the record of a file that is being received."""
    return target.with_name(f".{target.name}.download.json")


def read_record(path: Path) -> DownloadRecord | None:
    """The record in a file; None if there is none that can be read."""
    try:
        record = DownloadRecord(**read_json_object(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    required = (record.url, record.sha256, record.fetched_at)
    optional = (record.etag, record.last_modified, record.md5)
    is_valid = (
        isinstance(record.size, int)
        and all(isinstance(text, str) for text in required)
        and all(text is None or isinstance(text, str) for text in optional)
    )
    return record if is_valid else None


def has_recorded_size(target: Path) -> bool:
    """Whether a file exists with the size in its sidecar; faster than :func:`verified_record`."""
    record = read_sidecar(target)
    return record is not None and target.is_file() and target.stat().st_size == record.size


def matches_record(target: Path, record: DownloadRecord) -> bool:
    """Whether a file has the size and hash of its record."""
    return target.stat().st_size == record.size and sha256_of(target) == record.sha256
