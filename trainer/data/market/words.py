"""The words of the simulated marketplace: categories, brands, colours, features, styles, in English and Chinese.

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


# The first part is the whole of a small shop; the second opens with a larger catalogue.
# top -> middle -> leaves with a usual price. Names repeat on purpose: "shoes" is under four tops, "boots" under two.
_SMALL_TREE: dict[tuple[str, str], dict[tuple[str, str], tuple[tuple[str, str, float], ...]]] = {
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

_LARGE_TREE: dict[tuple[str, str], dict[tuple[str, str], tuple[tuple[str, str, float], ...]]] = {
    ("women", "女装"): {
        ("dresses", "裙子"): (("half skirt", "半身裙", 35),),
        ("tops", "上衣"): (("blouse", "女士衬衫", 38), ("sweater", "毛衣", 55)),
        ("shoes", "鞋子"): (("sandals", "凉鞋", 40),),
    },
    ("men", "男装"): {
        ("trousers", "裤子"): (("jeans", "牛仔裤", 60), ("chinos", "休闲裤", 50)),
        ("accessories", "配饰"): (("belt", "皮带", 30), ("tie", "领带", 22)),
    },
    ("sports", "运动"): {
        ("outdoor", "户外"): (("tent", "帐篷", 160), ("hiking backpack", "登山包", 90), ("sleeping bag", "睡袋", 70)),
        ("cycling", "骑行"): (("bike helmet", "骑行头盔", 55), ("cycling gloves", "骑行手套", 22)),
    },
    ("electronics", "数码"): {
        ("phones", "手机"): (("charger", "充电器", 18), ("power bank", "充电宝", 30)),
        ("computers", "电脑"): (("laptop", "笔记本电脑", 800), ("mechanical keyboard", "机械键盘", 75)),
        ("cameras", "相机"): (("action camera", "运动相机", 220), ("tripod", "三脚架", 40)),
    },
    ("home", "家居"): {
        ("kitchen", "厨房"): (
            ("rice cooker", "电饭煲", 65),
            ("water bottle", "水杯", 16),
            ("knife set", "刀具套装", 70),
        ),
        ("lighting", "灯具"): (("desk lamp", "台灯", 32), ("ceiling lamp", "吸顶灯", 85)),
        ("storage", "收纳"): (("storage box", "收纳箱", 20), ("clothes hanger", "衣架", 12)),
    },
    ("beauty", "美妆"): {
        ("hair care", "护发"): (("shampoo", "洗发水", 14), ("hair dryer", "吹风机", 60)),
        ("makeup", "彩妆"): (("foundation", "粉底液", 30), ("perfume", "香水", 90)),
    },
    ("kids", "儿童"): {
        ("toys", "玩具"): (("toy car", "玩具车", 20), ("puzzle", "拼图", 15)),
        ("baby care", "母婴"): (("stroller", "婴儿车", 180), ("baby bottle", "奶瓶", 14)),
    },
    ("food", "食品"): {
        ("snacks", "零食"): (
            ("mixed nuts", "坚果", 15),
            ("dark chocolate", "黑巧克力", 10),
            ("dried mango", "芒果干", 8),
        ),
        ("drinks", "饮品"): (("green tea", "绿茶", 20), ("coffee beans", "咖啡豆", 18)),
    },
    ("pets", "宠物"): {
        ("dogs", "狗狗"): (("dog food", "狗粮", 35), ("dog leash", "牵引绳", 14)),
        ("cats", "猫咪"): (("cat litter", "猫砂", 16), ("cat tree", "猫爬架", 60)),
    },
    ("office", "文具"): {
        ("writing", "书写"): (("fountain pen", "钢笔", 25), ("notebook", "笔记本", 8)),
        ("furniture", "办公家具"): (("office chair", "办公椅", 140), ("standing desk", "升降桌", 260)),
    },
}


def _leaves(
    tree: dict[tuple[str, str], dict[tuple[str, str], tuple[tuple[str, str, float], ...]]],
) -> tuple[Leaf, ...]:
    return tuple(
        Leaf(top=Named(*top), middle=Named(*middle), name=Named(en, zh), price=price)
        for top, middles in tree.items()
        for middle, leaves in middles.items()
        for en, zh, price in leaves
    )


SMALL_LEAVES = _leaves(_SMALL_TREE)
LEAVES = SMALL_LEAVES + _leaves(_LARGE_TREE)


def _brand(name: str, level: int, *tops: str, also: tuple[str, ...] = ()) -> Brand:
    return Brand(name=name, synonyms=also, tops=tops, level=level)


KNOWN_BRANDS: tuple[Brand, ...] = (
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

FEATURES: dict[str, tuple[Named, ...]] = {
    "women": (Named("cotton", "纯棉"), Named("silk", "真丝"), Named("lace", "蕾丝"), Named("wool", "羊毛")),
    "men": (Named("cotton", "纯棉"), Named("slim fit", "修身"), Named("leather", "真皮"), Named("wool", "羊毛")),
    "sports": (
        Named("waterproof", "防水"),
        Named("breathable", "透气"),
        Named("foldable", "折叠"),
        Named("wide", "加宽"),
    ),
    "electronics": (
        Named("wireless", "无线"),
        Named("waterproof", "防水"),
        Named("portable", "便携"),
        Named("128gb", "128GB"),
    ),
    "home": (Named("wooden", "实木"), Named("stainless", "不锈钢"), Named("500ml", "500ml"), Named("foldable", "折叠")),
    "beauty": (
        Named("50ml", "50ml"),
        Named("fragrance free", "无香"),
        Named("organic", "有机"),
        Named("matte", "哑光"),
    ),
    "kids": (Named("wooden", "木制"), Named("cotton", "纯棉"), Named("washable", "可水洗"), Named("musical", "音乐")),
    "food": (Named("500g", "500g"), Named("organic", "有机"), Named("sugar free", "无糖"), Named("gift box", "礼盒")),
    "pets": (Named("2kg", "2kg"), Named("large", "大号"), Named("grain free", "无谷"), Named("washable", "可水洗")),
    "office": (
        Named("wooden", "实木"),
        Named("adjustable", "可调节"),
        Named("a5", "A5"),
        Named("black ink", "黑色墨水"),
    ),
}
"""What else is said of an item, by top category: four each."""
FEATURES_EACH = 4

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
