"""Why a whole file is refused."""

from typing import ClassVar

from kirana.values import Problem


class FileRefused(Problem):
    """This file cannot be imported.

    Facts: `code`, `sentence`, and where known `seems` (what the file looks like) or `choices`
    (the answers to the question that the sentence asks).
    """

    status: ClassVar[int] = 422


def refuse(code: str, sentence: str, **facts: object) -> FileRefused:
    """The refusal of a whole file, with a code for programs and a sentence for people."""
    return FileRefused(code=code, sentence=sentence, **facts)
