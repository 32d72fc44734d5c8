"""The words generated names are made of; public names everybody knows, and inventions in their manner."""

from dataclasses import dataclass
from functools import cache


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@dataclass(frozen=True, eq=False)
class Base:
    """A model others are made from; every one of them is a flagship, so parents exist."""

    id: str
    arch: str
    params: int
    context: int = 32_768

    @property
    def name(self) -> str:
        return self.id.partition("/")[2]


LANGUAGE_BASES = (
    Base("meta-llama/Llama-2-7b-chat-hf", "llama", 6_738_415_616, 4_096),
    Base("Qwen/Qwen2.5-Coder-7B-Instruct", "qwen2", 7_615_616_512),
    Base("mistralai/Mistral-7B-Instruct-v0.2", "mistral", 7_241_732_096),
    Base("openai-community/gpt2", "gpt2", 137_022_720, 1_024),
    Base("meta-llama/Llama-3.1-8B-Instruct", "llama", 8_030_261_248, 131_072),
    Base("meta-llama/Llama-3.2-1B-Instruct", "llama", 1_235_814_400, 131_072),
    Base("meta-llama/Llama-3.2-3B-Instruct", "llama", 3_212_749_824, 131_072),
    Base("meta-llama/Llama-3.3-70B-Instruct", "llama", 70_553_706_496, 131_072),
    Base("meta-llama/Meta-Llama-3-8B", "llama", 8_030_261_248, 8_192),
    Base("Qwen/Qwen2.5-0.5B-Instruct", "qwen2", 494_032_768),
    Base("Qwen/Qwen2.5-1.5B-Instruct", "qwen2", 1_543_714_304),
    Base("Qwen/Qwen2.5-7B-Instruct", "qwen2", 7_615_616_512),
    Base("Qwen/Qwen2.5-72B-Instruct", "qwen2", 72_706_203_648),
    Base("Qwen/Qwen2-VL-7B-Instruct", "qwen2_vl", 8_291_375_616),
    Base("Qwen/Qwen3-0.6B", "qwen3", 751_632_384, 40_960),
    Base("Qwen/Qwen3-4B", "qwen3", 4_022_468_096, 40_960),
    Base("Qwen/Qwen3-8B", "qwen3", 8_190_735_360, 40_960),
    Base("Qwen/Qwen3-14B", "qwen3", 14_768_307_200, 40_960),
    Base("Qwen/Qwen3-30B-A3B", "qwen3_moe", 30_532_122_624, 40_960),
    Base("Qwen/QwQ-32B", "qwen2", 32_763_876_352, 131_072),
    Base("mistralai/Mistral-7B-v0.1", "mistral", 7_241_732_096),
    Base("mistralai/Mistral-7B-Instruct-v0.3", "mistral", 7_248_023_552),
    Base("mistralai/Mixtral-8x7B-Instruct-v0.1", "mixtral", 46_702_792_704),
    Base("mistralai/Mistral-Nemo-Instruct-2407", "mistral", 12_247_782_400, 131_072),
    Base("mistralai/Mistral-Small-24B-Instruct-2501", "mistral", 23_572_403_200),
    Base("google/gemma-2b", "gemma", 2_506_172_416, 8_192),
    Base("google/gemma-7b", "gemma", 8_537_680_896, 8_192),
    Base("google/gemma-2-9b-it", "gemma2", 9_241_705_984, 8_192),
    Base("google/gemma-3-4b-it", "gemma3", 4_300_079_472, 131_072),
    Base("google/gemma-3-27b-it", "gemma3", 27_432_406_640, 131_072),
    Base("google/gemma-3-270m", "gemma3", 268_098_176),
    Base("microsoft/phi-2", "phi", 2_779_683_840, 2_048),
    Base("microsoft/Phi-3-mini-4k-instruct", "phi3", 3_821_079_552, 4_096),
    Base("microsoft/Phi-3.5-mini-instruct", "phi3", 3_821_079_552, 131_072),
    Base("microsoft/phi-4", "phi3", 14_659_507_200, 16_384),
    Base("deepseek-ai/DeepSeek-R1", "deepseek_v3", 684_531_386_000, 163_840),
    Base("deepseek-ai/DeepSeek-V3", "deepseek_v3", 684_531_386_000, 163_840),
    Base("deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", "qwen2", 1_777_088_000, 131_072),
    Base("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "qwen2", 7_615_616_512, 131_072),
    Base("deepseek-ai/DeepSeek-R1-Distill-Llama-8B", "llama", 8_030_261_248, 131_072),
    Base("deepseek-ai/deepseek-coder-6.7b-instruct", "llama", 6_740_512_768, 16_384),
    Base("TinyLlama/TinyLlama-1.1B-Chat-v1.0", "llama", 1_100_048_384, 2_048),
    Base("HuggingFaceTB/SmolLM2-135M-Instruct", "llama", 134_515_008, 8_192),
    Base("HuggingFaceTB/SmolLM2-1.7B-Instruct", "llama", 1_711_376_384, 8_192),
    Base("HuggingFaceH4/zephyr-7b-beta", "mistral", 7_241_732_096),
    Base("tiiuae/falcon-7b-instruct", "falcon", 7_217_189_760, 2_048),
    Base("EleutherAI/pythia-160m", "gpt_neox", 212_654_976, 2_048),
    Base("EleutherAI/gpt-neo-125m", "gpt_neo", 150_364_680, 2_048),
    Base("bigscience/bloom-560m", "bloom", 559_214_592, 2_048),
    Base("01-ai/Yi-1.5-34B-Chat", "llama", 34_388_917_248, 4_096),
    Base("upstage/SOLAR-10.7B-Instruct-v1.0", "llama", 10_731_524_096, 4_096),
    Base("NousResearch/Hermes-3-Llama-3.1-8B", "llama", 8_030_261_248, 131_072),
    Base("openai/gpt-oss-20b", "gpt_oss", 20_914_757_184, 131_072),
    Base("openai/gpt-oss-120b", "gpt_oss", 116_829_156_672, 131_072),
)
ENCODER_BASES = (
    Base("google-bert/bert-base-uncased", "bert", 110_106_428, 512),
    Base("google-bert/bert-base-multilingual-cased", "bert", 178_566_653, 512),
    Base("distilbert/distilbert-base-uncased", "distilbert", 66_985_530, 512),
    Base("FacebookAI/roberta-base", "roberta", 124_697_433, 512),
    Base("FacebookAI/xlm-roberta-base", "xlm-roberta", 278_885_778, 512),
    Base("microsoft/deberta-v3-base", "deberta-v2", 184_000_000, 512),
    Base("answerdotai/ModernBERT-base", "modernbert", 149_655_232, 8_192),
    Base("albert/albert-base-v2", "albert", 11_700_000, 512),
)
IMAGE_BASES = (
    Base("google/vit-base-patch16-224-in21k", "vit", 86_389_248),
    Base("google/vit-base-patch16-224", "vit", 86_567_656),
    Base("microsoft/resnet-50", "resnet", 25_636_712),
    Base("microsoft/swin-tiny-patch4-window7-224", "swin", 28_288_354),
    Base("facebook/dinov2-base", "dinov2", 86_580_480),
)
DIFFUSION_BASES = (
    Base("black-forest-labs/FLUX.1-dev", "flux", 11_901_408_320),
    Base("stabilityai/stable-diffusion-xl-base-1.0", "sdxl", 2_567_463_684),
    Base("stable-diffusion-v1-5/stable-diffusion-v1-5", "sd", 859_520_964),
    Base("black-forest-labs/FLUX.1-schnell", "flux", 11_901_408_320),
    Base("Qwen/Qwen-Image", "qwen-image", 20_430_401_088),
)
SPEECH_BASES = (
    Base("openai/whisper-small", "whisper", 241_734_912),
    Base("openai/whisper-tiny", "whisper", 37_760_640),
    Base("openai/whisper-large-v3", "whisper", 1_543_490_560),
    Base("facebook/wav2vec2-large-xlsr-53", "wav2vec2", 315_438_720),
)
SENTENCE_BASES = (
    Base("sentence-transformers/all-MiniLM-L6-v2", "bert", 22_713_728, 512),
    Base("sentence-transformers/all-mpnet-base-v2", "mpnet", 109_486_978, 512),
    Base("BAAI/bge-base-en-v1.5", "bert", 109_482_752, 512),
    Base("intfloat/multilingual-e5-small", "bert", 117_653_760, 512),
)
ROBOT_BASES = (
    Base("lerobot/smolvla_base", "smolvla", 450_046_176),
    Base("lerobot/pi0", "pi0", 3_501_372_176),
)
ALL_BASES = (
    *LANGUAGE_BASES, *ENCODER_BASES, *IMAGE_BASES, *DIFFUSION_BASES, *SPEECH_BASES, *SENTENCE_BASES,
    *ROBOT_BASES,
)  # fmt: skip

_TOP = _words("""
sentence-transformers/all-MiniLM-L6-v2 google-bert/bert-base-uncased openai-community/gpt2
Qwen/Qwen2.5-Coder-7B-Instruct mistralai/Mistral-7B-Instruct-v0.2 TheBloke/Llama-2-7B-Chat-GGUF
meta-llama/Llama-2-7b-chat-hf TheBloke/CodeLlama-7B-GGUF TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF
openai/clip-vit-base-patch32 openai/clip-vit-large-patch14 FacebookAI/xlm-roberta-large
FacebookAI/roberta-large distilbert/distilgpt2 google-t5/t5-small google-t5/t5-base google/flan-t5-base
facebook/bart-large-mnli facebook/opt-125m BAAI/bge-m3 BAAI/bge-small-en-v1.5 BAAI/bge-large-en-v1.5
BAAI/bge-reranker-v2-m3 nomic-ai/nomic-embed-text-v1.5 jinaai/jina-embeddings-v3 pyannote/segmentation-3.0
pyannote/speaker-diarization-3.1 cardiffnlp/twitter-roberta-base-sentiment-latest ProsusAI/finbert
dslim/bert-base-NER deepset/roberta-base-squad2 timm/resnet50.a1_in1k google/electra-base-discriminator
microsoft/table-transformer-detection hexgrad/Kokoro-82M coqui/XTTS-v2 stabilityai/sdxl-turbo
stabilityai/stable-diffusion-3.5-large ByteDance/SDXL-Lightning CompVis/stable-diffusion-v1-4
runwayml/stable-diffusion-inpainting lllyasviel/sd-controlnet-canny
bartowski/Meta-Llama-3.1-8B-Instruct-GGUF bartowski/Llama-3.2-3B-Instruct-GGUF unsloth/gemma-3-4b-it-GGUF
unsloth/Qwen3-30B-A3B-GGUF unsloth/DeepSeek-R1-GGUF lmstudio-community/Qwen2.5-7B-Instruct-GGUF
Qwen/Qwen2.5-7B-Instruct-GGUF Qwen/Qwen3-8B-GGUF microsoft/Phi-3-mini-4k-instruct-gguf
TheBloke/Mistral-7B-Instruct-v0.2-GGUF TheBloke/Mixtral-8x7B-Instruct-v0.1-GGUF
TheBloke/Llama-2-7B-Chat-GPTQ mlx-community/Kokoro-82M-bf16 mradermacher/Qwen3-8B-i1-GGUF
deepseek-ai/DeepSeek-V2-Lite codellama/CodeLlama-7b-hf
""")
FLAGSHIPS = tuple(dict.fromkeys((*_TOP, *(base.id for base in ALL_BASES))))
"""Ids that stand at the top of the popularity, the first one highest."""

OLD_IDS = {
    "gpt2": "openai-community/gpt2",
    "bert-base-uncased": "google-bert/bert-base-uncased",
    "roberta-base": "FacebookAI/roberta-base",
    "xlm-roberta-base": "FacebookAI/xlm-roberta-base",
    "t5-small": "google-t5/t5-small",
    "distilgpt2": "distilbert/distilgpt2",
    "runwayml/stable-diffusion-v1-5": "stable-diffusion-v1-5/stable-diffusion-v1-5",
    "meta-llama/Meta-Llama-3.1-8B-Instruct": "meta-llama/Llama-3.1-8B-Instruct",
}

_FIRST = _words("""
ada alex amir ana anton arthur bella ben boris carla chen chris dan dario diego elena emil eva fatima
felix finn gabe giulia hana hugo ines ivan jae jan jin joana jonas jules kai karim kate kenji lars lea leo
lin lucas luna maria marco mei mike mila min nadia nils nina noor oleg olga omar otto pablo paul petra
priya rafa ravi rita rui sam sara sofia sven tariq theo tina tom uma vera viktor wei will yan yuki zara
zoe Xeno Neo Meta Deep Open Hyper Quant Dark Silver Crimson Nova Lunar Solar Pixel Byte Data Turbo Mega
Iron Cyber Astro Velvet Frost Ember Echo Zen Atlas Delta Sigma Omni Proto Vector Tensor Kernel Logic Cloud
""")
_SECOND = _words("""
smith kim garcia muller silva rossi tanaka nguyen patel ivanov kowalski dubois jensen costa haddad okafor
yilmaz larsson novak fischer moreau santos suzuki zhang wang liu singh khan lopez weber berg hansen popov
sato park lee chan wong ali ahmed das roy gupta mehta rao kumar shah reddy lab labs ai ml nlp team corp
dev hub works studio research group mind core forge byte code bot net data stack cloud soft tech wave fox
wolf owl bear hawk lynx crow hare seal toad moth wasp newt crab mole stoat heron finch otter raven
""")


@cache
def handles() -> tuple[str, ...]:
    """Names people and small groups go by; no two differ only in case."""
    joints = ("", "-", "_", "")
    spelled = (
        f"{first}{joints[(row * 7 + column) % 4]}{second}"
        for row, first in enumerate(_FIRST)
        for column, second in enumerate(_SECOND)
    )
    return tuple({handle.casefold(): handle for handle in spelled}.values())


ADJECTIVES = _words("""
fluffy leaping sleepy grazing barky humming silky thorny scurrying wiry tall downy stinging mangy padded
lively prickly vicious giant snorting gilded bristly mute roaring armored beaked nimble sly winged hulking
tangled woolly soaring pudgy coiled dappled feathered foxy gentle horned iridescent lanky melodic noisy
pawing quick rabid shaggy tiny untamed wary yapping zealous burrowing climbing darting elusive furry
""")
ANIMALS = _words("""
mole alpaca badger bison capybara cheetah chinchilla cobra cougar coyote crane donkey dove eagle elk
falcon ferret flamingo gecko gibbon giraffe goose hamster hornet hyena ibis iguana jackal jaguar kangaroo
koala lemur leopard lizard llama lobster macaw mandrill marmot mink mongoose moose narwhal ostrich panther
pelican penguin porpoise puffin rhino salamander skunk sloth stork tapir toucan turtle viper walrus weasel
yak zebra
""")
TOPICS = _words("""
medical legal code roleplay story math reasoning chat finance sql tool-use summarize translate safety
alpaca orca dolphin ultrachat openhermes sharegpt wizard function-calling agentic uncensored abliterated
creative poetry physics chemistry biology law tax insurance support e-commerce travel cooking gaming news
tweets persona multilingual german french spanish italian portuguese russian ukrainian polish turkish
arabic persian hindi bengali tamil telugu thai vietnamese indonesian japanese korean chinese cantonese
swahili yoruba python rust cpp java verilog bash regex json docstring commit review unit-test cot r1-style
thinking
""")
SUFFIXES = (
    "", "-v2", "-sft", "-dpo", "-merged", "-v0.1", "-16bit", "-fp16", "-lora-merged", "-v3", "-ft", "-orpo",
    "-grpo", "-beta", "-alpha", "-final", "-1epoch", "-3epochs", "-v1.1", "-exp", "-kto", "-hf", "-preview",
)  # fmt: skip
DATASETS = _words("""
imdb emotion sst2 cola mnli squad ag_news yelp conll2003 wnut_17 amazon_reviews tweet_eval banking77 clinc
financial_phrasebank mrpc stsb rte hate_speech toxic spam fakenews sentiment intent topic pubmed arxiv
legal food101 beans cifar10 eurosat pets flowers plants birds cars medical_xray mnist fashion common_voice
minds14 fleurs librispeech
""")
LANGUAGES = _words("""
en zh es fr de it pt ja ko ru ar hi tr pl nl vi id th uk cs sv fa he ro el hu fi da ca bn
""")
STYLES = _words("""
anime watercolor pixel-art cyberpunk portrait ghibli noir retro neon vintage comic lowpoly claymation
sketch oil-painting steampunk fantasy interior logo sticker tarot mecha product polaroid brutalist
""")
GAMES = _words("""
ppo-LunarLander-v2 q-FrozenLake-v1-4x4-noSlippery q-Taxi-v3 dqn-SpaceInvadersNoFrameskip-v4
Reinforce-CartPole-v1 Reinforce-Pixelcopter-PLE-v0 a2c-PandaReachDense-v3 ppo-Huggy ppo-SnowballTarget
ppo-PyramidsTraining poca-SoccerTwos rl_course_vizdoom_health_gathering_supreme a2c-AntBulletEnv-v0
ppo-CartPole-v1
""")
TUTORIALS = _words("""
distilbert-base-uncased-finetuned-emotion bert-finetuned-ner distilbert-base-uncased-finetuned-imdb
distilbert-base-uncased-finetuned-cola my_awesome_model my_awesome_qa_model sentiment-model
bert-finetuned-squad marian-finetuned-kde4-en-to-fr whisper-small-hi my_awesome_wnut_model
vit-base-patch16-224-in21k-finetuned-lora-food101 distilbert-base-uncased-distilled-clinc results
codeparrot-ds speecht5_finetuned_voxpopuli_nl segformer-b0-scene-parse-150 output
""")
TRIALS = _words("""
test test-model my-model dummy-model demo tmp test2 hello-world model untitled first-model testing sandbox
trial test_trainer dummy
""")
