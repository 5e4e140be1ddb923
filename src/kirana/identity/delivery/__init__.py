"""How one-time codes reach people: by e-mail, by SMS, or on the console while developing."""

from .senders import CodeSender, DeliveryFailed, can_deliver, send_code, sender_for

__all__ = ["CodeSender", "DeliveryFailed", "can_deliver", "send_code", "sender_for"]
