"""The shop's face: profile, hours, place and team.

Speaks through a user of kind `business` that has the shop's own id; knows no product or order.
"""

from .audit import Record, list_records, record
from .categories import CATEGORIES, Category
from .directory import cards_of, list_businesses, list_my_businesses
from .events import (
    BusinessChanged,
    BusinessOpened,
    BusinessShut,
    HoursChanged,
    TeamJoined,
    TeamLeft,
)
from .hours import DayPreview, HoursState, Opening, Proposal, propose
from .location import Directions, Location, Point, directions_to, distance_m, parse_location
from .model import Business, Member, Role, ShopCard, ShopClosure, ShopHours
from .ownership import BusinessExport, erase_user, export_user
from .problems import (
    BusinessClosed,
    HoursInvalid,
    LastOwner,
    LocationNotUnderstood,
    TooManyClosures,
)
from .profile import (
    BusinessEdit,
    NewBusiness,
    edit_business,
    find_business,
    find_by_handle,
    get_business,
    get_businesses,
    get_by_handle,
    get_revision,
    list_mine,
    open_business,
    require_open,
    set_location,
    touch,
    verify_business,
)
from .roles import find_role, require
from .sketch import draw as draw_sketch
from .team import list_members, list_roles, remove_member, set_role
from .timetable import (
    DayOpenings,
    NewClosure,
    add_closure,
    list_closures,
    list_openings,
    propose_hours,
    remove_closure,
    set_hours,
    state_at,
    states_at,
)

__all__ = [
    "CATEGORIES",
    "Business",
    "BusinessChanged",
    "BusinessClosed",
    "BusinessEdit",
    "BusinessExport",
    "BusinessOpened",
    "BusinessShut",
    "Category",
    "DayOpenings",
    "DayPreview",
    "Directions",
    "HoursChanged",
    "HoursInvalid",
    "HoursState",
    "LastOwner",
    "Location",
    "LocationNotUnderstood",
    "Member",
    "NewBusiness",
    "NewClosure",
    "Opening",
    "Point",
    "Proposal",
    "Record",
    "Role",
    "ShopCard",
    "ShopClosure",
    "ShopHours",
    "TeamJoined",
    "TeamLeft",
    "TooManyClosures",
    "add_closure",
    "cards_of",
    "directions_to",
    "distance_m",
    "draw_sketch",
    "edit_business",
    "erase_user",
    "export_user",
    "find_business",
    "find_by_handle",
    "find_role",
    "get_business",
    "get_businesses",
    "get_by_handle",
    "get_revision",
    "list_businesses",
    "list_closures",
    "list_members",
    "list_mine",
    "list_my_businesses",
    "list_openings",
    "list_records",
    "list_roles",
    "open_business",
    "parse_location",
    "propose",
    "propose_hours",
    "record",
    "remove_closure",
    "remove_member",
    "require",
    "require_open",
    "set_hours",
    "set_location",
    "set_role",
    "state_at",
    "states_at",
    "touch",
    "verify_business",
]
