"""Sound as arithmetic: G.711, resampling, framing, pacing, voice activity, tones, WAV, mix-down. Pure: no I/O and no clock.

Audio is mono at 8,000 Hz unless a name says otherwise: ``pcm`` is 16-bit little-endian, ``mulaw`` and ``alaw`` are one byte per sample.
"""
