"""What carriers share whose calls come by a media websocket: the messages of it, the leg, the doors. Each vendor is a folder of its own."""
