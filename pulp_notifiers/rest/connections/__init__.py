"""Connections of clients, between the socket and uvicorn: limits, deadlines and the form of requests.

uvicorn reads a head without an end for ever and closes neither idle nor half-sent requests, so nothing reaches it
unchecked: ``door`` accepts connections and limits their number, ``connection`` limits the time that a client may take,
``head`` and ``body`` find where a request ends and refuse what two servers could read differently, ``pace`` judges
slow transfers, ``tally`` logs what was closed, ``descriptors`` handles the limit of open files.
"""
