"""What imports announce."""

from dataclasses import dataclass
from typing import ClassVar

from kirana.platform.events import Event
from kirana.values import BusinessId, ImportId


@dataclass(frozen=True, slots=True)
class ImportFinished(Event):
    name: ClassVar[str] = "import.finished"
    import_id: ImportId
    business_id: BusinessId
