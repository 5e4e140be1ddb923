"""The catalog as a file: imports with a plan that can be looked at first, and exports."""

from .events import ImportFinished
from .exports import FormatName, export_catalog, template_file
from .imports import (
    Import,
    ImportNotApplied,
    ImportUndone,
    ReadFile,
    apply_rows,
    begin_import,
    begin_undo,
    get_import,
    plan_file,
    read_upload,
    save_import,
    undo_rows,
)
from .pictures import fetch_pictures
from .refusals import FileRefused

__all__ = [
    "FileRefused",
    "FormatName",
    "Import",
    "ImportFinished",
    "ImportNotApplied",
    "ImportUndone",
    "ReadFile",
    "apply_rows",
    "begin_import",
    "begin_undo",
    "export_catalog",
    "fetch_pictures",
    "get_import",
    "plan_file",
    "read_upload",
    "save_import",
    "template_file",
    "undo_rows",
]
