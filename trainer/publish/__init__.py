"""From trained towers to a generation that may go live."""
