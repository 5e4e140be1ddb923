"""Conversations: between people, and between a customer and a shop.

What people say are messages, what the server says about money and orders are facts; both share
one sequence of numbers, which is all the order there is.
"""

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
    count_unread,
    direct_conversation,
    find_direct,
    get_conversation,
    list_conversations,
    open_conversation,
    set_sides,
)
from .entries import Entry, Fact, FactCard, Subject
from .events import ConversationWoke, MessageSent, ReceiptChanged
from .facts import post_fact
from .frames import message_frames
from .guests import join_guest
from .history import History, list_messages
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
from .messages import delete_message, send_message
from .model import Form, Kind, Mark, Sent
from .ownership import ChatExport, erase_user, export_user
from .presence import typing_audience, typing_frame
from .problems import (
    ConversationExists,
    NeedsBusiness,
    NeedsEncryption,
    NoDevices,
    NotEditable,
    NotReachable,
    TooLateToEdit,
    UnknownMedia,
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
from .search import Found, search_messages
from .uploads import open_file

__all__ = [
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
    "History",
    "Image",
    "Kind",
    "Mark",
    "MarkMoved",
    "Media",
    "MediaKind",
    "MessageSent",
    "NeedsBusiness",
    "NeedsEncryption",
    "NoDevices",
    "NotEditable",
    "NotReachable",
    "Photo",
    "Product",
    "ProductSnapshot",
    "ReceiptChanged",
    "Sent",
    "StoredFile",
    "Subject",
    "Text",
    "TooLateToEdit",
    "UnknownMedia",
    "VoiceUnreadable",
    "add_media",
    "count_unread",
    "delete_message",
    "direct_conversation",
    "drop_stale_media",
    "erase_user",
    "export_user",
    "find_direct",
    "get_blobs",
    "get_conversation",
    "get_media",
    "join_guest",
    "list_conversations",
    "list_messages",
    "mark_arrived",
    "mark_delivered",
    "mark_many",
    "mark_read",
    "marks_since",
    "message_frames",
    "open_conversation",
    "open_file",
    "post_fact",
    "read_content",
    "receipt_frame",
    "remove_files",
    "search_messages",
    "send_message",
    "set_sides",
    "take_content",
    "typing_audience",
    "typing_frame",
]
