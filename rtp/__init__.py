"""The media as plain data: RTP payloads, RTCP, reception. No sockets, no threads, no clock: time is passed in."""
