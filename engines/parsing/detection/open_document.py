"""Detection of OpenDocument files by the media type that they state."""

from engines.parsing.detection.file_sample import FileSample


def detect_open_document(sample: FileSample, media_type: str) -> str | None:
    """Return `media_type` for a package that states it, its `flat_type` for a flat XML file, and None for other files.

    A template states the media type followed by `-template`.
    """
    if sample.package_type.startswith(media_type):
        return media_type
    is_flat = "<office:document" in sample.text and f'office:mimetype="{media_type}' in sample.text
    return flat_type(media_type) if is_flat else None


def flat_type(media_type: str) -> str:
    """Return the media type of flat XML files, which are not packed into an archive."""
    return f"{media_type}-flat-xml"
