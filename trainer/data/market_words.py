"""The words of the simulated marketplace: categories, brands, colours, styles, in English and Chinese.

Names are real words so that a person can type queries; what is said with them about any brand is invented.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """One thing with an English and a Chinese name."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A leaf category: where it stands, and about what its things cost."""

    top: Named
    middle: Named
    name: Named
    price: float

    @property
    def path(self) -> tuple[str, str, str]:
        return self.top.en, self.middle.en, self.name.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """A brand as the catalogue spells it, how else people write it, where it sells, and how dear it is (1 to 5)."""

    name: str
    synonyms: tuple[str, ...] = ()
    tops: tuple[str, ...]
    level: int


# top -> middle -> leaves with a usual price. Names repeat on purpose: "shoes" is under four tops, "boots" under two.
_TREE: dict[tuple[str, str], dict[tuple[str, str], tuple[tuple[str, str, float], ...]]] = {
    ("women", "女装"): {
        ("dresses", "裙子"): (("summer dress", "夏季连衣裙", 40), ("evening dress", "晚礼服", 120)),
        ("shoes", "鞋子"): (("high heels", "高跟鞋", 70), ("boots", "靴子", 90)),
        ("bags", "包包"): (("handbag", "手提包", 150), ("shoulder bag", "单肩包", 80)),
    },
    ("men", "男装"): {
        ("shirts", "衬衫"): (("dress shirt", "正装衬衫", 45), ("t shirt", "短袖", 20)),
        ("shoes", "鞋子"): (("leather shoes", "皮鞋", 95), ("boots", "靴子", 100)),
        ("jackets", "外套"): (("down jacket", "羽绒服", 140),),
    },
    ("sports", "运动"): {
        ("shoes", "鞋子"): (("running shoes", "跑步鞋", 85), ("basketball shoes", "篮球鞋", 110)),
        ("fitness", "健身"): (("yoga mat", "瑜伽垫", 25), ("dumbbell", "哑铃", 35)),
        ("sportswear", "运动服"): (("track pants", "运动裤", 40), ("sports bra", "运动内衣", 30)),
    },
    ("electronics", "数码"): {
        ("phones", "手机"): (("smartphone", "智能手机", 450), ("phone case", "手机壳", 12)),
        ("audio", "音响"): (("headphones", "耳机", 80), ("bluetooth speaker", "蓝牙音箱", 60)),
    },
    ("home", "家居"): {
        ("kitchen", "厨房"): (("coffee maker", "咖啡机", 90), ("frying pan", "平底锅", 35)),
        ("bedding", "床上用品"): (("duvet cover", "被套", 50), ("pillow", "枕头", 20)),
    },
    ("beauty", "美妆"): {
        ("skin care", "护肤"): (("face cream", "面霜", 35), ("sunscreen", "防晒霜", 18)),
        ("makeup", "彩妆"): (("lipstick", "口红", 22), ("eyeshadow", "眼影", 26)),
    },
    ("kids", "儿童"): {
        ("shoes", "鞋子"): (("kids sneakers", "儿童运动鞋", 45),),
        ("toys", "玩具"): (("building blocks", "积木", 40), ("plush toy", "毛绒玩具", 18)),
    },
}

LEAVES: tuple[Leaf, ...] = tuple(
    Leaf(top=Named(*top), middle=Named(*middle), name=Named(en, zh), price=price)
    for top, middles in _TREE.items()
    for middle, leaves in middles.items()
    for en, zh, price in leaves
)


def _brand(name: str, level: int, *tops: str, also: tuple[str, ...] = ()) -> Brand:
    return Brand(name=name, synonyms=also, tops=tops, level=level)


BRANDS: tuple[Brand, ...] = (
    _brand("adidas", 3, "sports", "kids", also=("阿迪达斯",)),
    _brand("nike", 4, "sports", "kids", also=("耐克",)),
    _brand("puma", 3, "sports"),
    _brand("asics", 4, "sports"),
    _brand("李宁", 2, "sports", "kids", also=("li ning", "lining")),
    _brand("安踏", 2, "sports", also=("anta",)),
    _brand("特步", 1, "sports", "kids", also=("xtep",)),
    _brand("zara", 3, "women", "men"),
    _brand("mango", 3, "women"),
    _brand("gucci", 5, "women", "men", also=("古驰",)),
    _brand("coach", 4, "women"),
    _brand("太平鸟", 2, "women", "men", also=("peacebird",)),
    _brand("江南布衣", 4, "women", also=("jnby",)),
    _brand("百丽", 2, "women", also=("belle",)),
    _brand("uniqlo", 2, "men", "women", also=("优衣库",)),
    _brand("levis", 3, "men"),
    _brand("hugo boss", 5, "men"),
    _brand("海澜之家", 2, "men", also=("hla",)),
    _brand("波司登", 3, "men", also=("bosideng",)),
    _brand("apple", 5, "electronics", also=("苹果",)),
    _brand("samsung", 4, "electronics", also=("三星",)),
    _brand("sony", 4, "electronics"),
    _brand("jbl", 3, "electronics"),
    _brand("小米", 2, "electronics", "home", also=("xiaomi", "mi")),
    _brand("华为", 4, "electronics", also=("huawei",)),
    _brand("漫步者", 1, "electronics", also=("edifier",)),
    _brand("philips", 4, "home", also=("飞利浦",)),
    _brand("tefal", 3, "home"),
    _brand("muji", 3, "home", also=("无印良品",)),
    _brand("ikea", 2, "home", also=("宜家",)),
    _brand("苏泊尔", 2, "home", also=("supor",)),
    _brand("水星家纺", 2, "home", also=("mercury",)),
    _brand("loreal", 3, "beauty", also=("欧莱雅",)),
    _brand("dior", 5, "beauty", "women", also=("迪奥",)),
    _brand("nivea", 1, "beauty"),
    _brand("maybelline", 2, "beauty"),
    _brand("百雀羚", 1, "beauty", also=("pechoin",)),
    _brand("完美日记", 2, "beauty", also=("perfect diary",)),
    _brand("lego", 4, "kids", also=("乐高",)),
    _brand("disney", 3, "kids", also=("迪士尼",)),
    _brand("巴拉巴拉", 2, "kids", also=("balabala",)),
)

COLOURS: tuple[Named, ...] = (
    Named("black", "黑色"),
    Named("white", "白色"),
    Named("red", "红色"),
    Named("blue", "蓝色"),
    Named("green", "绿色"),
    Named("pink", "粉色"),
    Named("grey", "灰色"),
)

STYLES: tuple[tuple[Named, ...], ...] = (
    (Named("classic", "经典"), Named("elegant", "优雅"), Named("timeless", "百搭")),
    (Named("sporty", "运动风"), Named("active", "活力"), Named("light", "轻便")),
    (Named("cute", "可爱"), Named("sweet", "甜美"), Named("cartoon", "卡通")),
    (Named("minimal", "简约"), Named("plain", "纯色"), Named("modern", "现代")),
    (Named("vintage", "复古"), Named("retro", "怀旧"), Named("handmade", "手工")),
)
"""A style shows in a title as one or two of its words; users have a taste in styles."""

SELLING_WORDS: tuple[Named, ...] = (
    Named("new arrival", "新款"),
    Named("hot sale", "热卖"),
    Named("premium quality", "优质"),
    Named("free shipping", "包邮"),
    Named("gift", "礼物"),
    Named("official", "正品"),
)

VAGUE_QUERIES: tuple[Named, ...] = (
    Named("gift", "礼物"),
    Named("new arrival", "新款"),
    Named("hot sale", "热卖"),
    Named("something nice", "好看的"),
)

GENDER_OF_TOP = {"women": "women", "men": "men", "kids": "kids"}
