"""Conversations: between people, and between a customer and a shop.

What people say are messages, what the server says about money and orders are facts; both share
one sequence of numbers, which is all the order there is.
"""

from .changes import post_new_keys
from .content import (
    Content,
    Image,
    Photo,
    Product,
    ProductSnapshot,
    Text,
    read_content,
    take_content,
)
from .conversations import (
    Conversation,
    Conversations,
    MemberView,
    count_unread,
    direct_conversation,
    find_direct,
    get_conversation,
    list_conversations,
    open_conversation,
    set_sides,
)
from .entries import Changed, Entry, Fact, FactCard, Subject
from .events import ConversationWoke, MessageSent, ReceiptChanged
from .expiry import expire_messages, set_timer
from .facts import post_fact
from .frames import message_frames
from .groups import open_group
from .guests import join_guest
from .hiding import hide_message
from .history import History, list_messages
from .invitations import (
    Invitation,
    InvitationView,
    accept_invitation,
    forget_invitations,
    get_invitation,
    invite,
    new_invitation_code,
    revoke_invitation,
)
from .media import (
    Media,
    MediaKind,
    StoredFile,
    add_media,
    drop_stale_media,
    get_blobs,
    get_media,
    remove_files,
)
from .members import put_member, remove_member
from .messages import delete_message, send_message
from .model import ChangeKind, Form, Kind, Mark, MemberState, Role, Sent
from .ownership import ChatExport, erase_user, export_user
from .presence import typing_audience, typing_frame
from .problems import (
    ConversationExists,
    GroupFull,
    LastAdmin,
    NeedsBusiness,
    NeedsEncryption,
    NoDevices,
    NotAGroup,
    NotEditable,
    NotEncrypted,
    NotProven,
    NotReachable,
    RequestPending,
    StaleAudience,
    TooLateToEdit,
    UnknownMedia,
    UploadIncomplete,
    VoiceUnreadable,
)
from .receipts import (
    MarkMoved,
    mark_arrived,
    mark_delivered,
    mark_many,
    mark_read,
    marks_since,
    receipt_frame,
)
from .reports import Report, Shown, list_reports, report_messages
from .requests import accept_request, refuse_request
from .sealed import Sealed, send_sealed, take_sealed
from .sealed_media import Upload, begin_upload, get_upload, keep_part
from .search import Found, search_messages
from .uploads import open_file

__all__ = [
    "ChangeKind",
    "Changed",
    "ChatExport",
    "Content",
    "Conversation",
    "ConversationExists",
    "ConversationWoke",
    "Conversations",
    "Entry",
    "Fact",
    "FactCard",
    "Form",
    "Found",
    "GroupFull",
    "History",
    "Image",
    "Invitation",
    "InvitationView",
    "Kind",
    "LastAdmin",
    "Mark",
    "MarkMoved",
    "Media",
    "MediaKind",
    "MemberState",
    "MemberView",
    "MessageSent",
    "NeedsBusiness",
    "NeedsEncryption",
    "NoDevices",
    "NotAGroup",
    "NotEditable",
    "NotEncrypted",
    "NotProven",
    "NotReachable",
    "Photo",
    "Product",
    "ProductSnapshot",
    "ReceiptChanged",
    "Report",
    "RequestPending",
    "Role",
    "Sealed",
    "Sent",
    "Shown",
    "StaleAudience",
    "StoredFile",
    "Subject",
    "Text",
    "TooLateToEdit",
    "UnknownMedia",
    "Upload",
    "UploadIncomplete",
    "VoiceUnreadable",
    "accept_invitation",
    "accept_request",
    "add_media",
    "begin_upload",
    "count_unread",
    "delete_message",
    "direct_conversation",
    "drop_stale_media",
    "erase_user",
    "expire_messages",
    "export_user",
    "find_direct",
    "forget_invitations",
    "get_blobs",
    "get_conversation",
    "get_invitation",
    "get_media",
    "get_upload",
    "hide_message",
    "invite",
    "join_guest",
    "keep_part",
    "list_conversations",
    "list_messages",
    "list_reports",
    "mark_arrived",
    "mark_delivered",
    "mark_many",
    "mark_read",
    "marks_since",
    "message_frames",
    "new_invitation_code",
    "open_conversation",
    "open_file",
    "open_group",
    "post_fact",
    "post_new_keys",
    "put_member",
    "read_content",
    "receipt_frame",
    "refuse_request",
    "remove_files",
    "remove_member",
    "report_messages",
    "revoke_invitation",
    "search_messages",
    "send_message",
    "send_sealed",
    "set_sides",
    "set_timer",
    "take_content",
    "take_sealed",
    "typing_audience",
    "typing_frame",
]
