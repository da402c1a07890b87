"""The audio of web calls over SIP: ICE, DTLS, SRTP and RTP with G.711. Needs the extra `webrtc`."""
