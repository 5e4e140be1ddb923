"""The ground: database, events, jobs, stream, files, HTTP. Names no shop, chat or order.

A toolbox rather than a room: its modules are its doors.
"""
