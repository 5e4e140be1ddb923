"""XML from outside: elements and their texts, without document types and so without entities."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from .problems import refuse

MAX_DEPTH = 40


@dataclass(slots=True)
class Element:
    """An element by its name without namespace. Its `text` is stripped."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, *path: str) -> Iterator["Element"]:
        """All elements at the end of a path of names."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.name == path[0]:
                yield from child.all(*path[1:])

    def first(self, *path: str) -> "Element | None":
        return next(self.all(*path), None)

    def said(self, *path: str) -> str | None:
        """The text at the end of a path, if there is one."""
        found = self.first(*path)
        return found.text or None if found else None


def parse(content: bytes) -> Element:
    """The outermost element. Raises: StatementRefused."""
    top = Element("", {})
    open_elements = [top]
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse_doctype(*_: object) -> None:
        refuse("doctype", "The file declares a document type, which statements never do.")

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(open_elements) > MAX_DEPTH:
            refuse("too-deep", "The file is nested deeper than any statement.")
        element = Element(_local(name), attributes)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(_: str) -> None:
        element = open_elements.pop()
        element.text = element.text.strip()

    def add_text(text: str) -> None:
        open_elements[-1].text += text

    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = add_text
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        _refuse_broken(error)
    except (LookupError, ValueError):
        refuse("charset", "The file names a character set that is not known.")
    return top.children[0]


def _refuse_broken(error: expat.ExpatError) -> None:
    place = f"line {error.lineno}"
    if error.code in _CHARSET_ERRORS:
        refuse("charset", "The file is not in the character set that it names.", place)
    refuse("broken", "The file is broken: it ends early, or is no XML.", place)


_CHARSET_ERRORS = {
    expat.errors.codes[it]
    for it in (
        expat.errors.XML_ERROR_INVALID_TOKEN,
        expat.errors.XML_ERROR_UNKNOWN_ENCODING,
        expat.errors.XML_ERROR_INCORRECT_ENCODING,
    )
}


def _local(name: str) -> str:
    return name.rpartition(":")[2]
