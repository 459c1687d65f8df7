"""The words of sentences, by locale. `{...}` as in sinks/sentence.py."""

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "up": "above",
        "down": "below",
        "far": "far",
        "unknown": "unknown",
        "other": "in all others",
        "whole": "",
        "where": "in {0}",
        "pair": "{0} {1}",
        "pairs": ", ",
        "day": "{0:%d %b %H:%M}",
        "expected": "{name} {where}: {change} {direction} what is usual at this time "
        "({actual} instead of about {expected}), since {since}.",
        "unexpected": "{name} {where}: at {actual}, {change} {direction} what is normal, since {since}.",
        "strange": "{name} {where}: unlike before (at {actual}), since {since}.",
        "resolved": "{name} {where}: back to normal (at {actual}); it was not since {since}.",
        "withdrawn": "{name} {where}: normal after all, late data changed the value to {actual}.",
        "escalated": "Worse, now grade {grade}: {sentence}",
        "downgraded": "Easing, now grade {grade}: {sentence}",
        "restated": "Corrected by late data: {sentence}",
        "acknowledged": "Acknowledged: {sentence}",
    },
    "zh-CN": {
        "up": "高于",
        "down": "低于",
        "far": "远",
        "unknown": "未知",
        "other": "（其余合计）",
        "whole": "",
        "where": "（{0}）",
        "pair": "{0} {1}",
        "pairs": "，",
        "day": "{0:%m-%d %H:%M}",
        "expected": "{name}{where}：{direction}往常同期 {change}（实际 {actual}，预期约 {expected}），"
        "始于 {since}。",
        "unexpected": "{name}{where}：当前 {actual}，{change}{direction}正常范围，始于 {since}。",
        "strange": "{name}{where}：与以往不同（当前 {actual}），始于 {since}。",
        "resolved": "{name}{where}：已恢复正常（当前 {actual}），异常始于 {since}。",
        "withdrawn": "{name}{where}：实际正常，迟到数据将数值更正为 {actual}。",
        "escalated": "升级为 {grade} 级：{sentence}",
        "downgraded": "降为 {grade} 级：{sentence}",
        "restated": "迟到数据更正：{sentence}",
        "acknowledged": "已确认：{sentence}",
    },
}
DIMENSIONS_ZH: Mapping[str, str] = {
    "region": "地区",
    "channel": "渠道",
    "campaign": "活动",
    "category": "类目",
    "sku": "商品",
    "warehouse": "仓库",
    "device": "设备",
    "currency": "币种",
    "payment_method": "支付方式",
    "reason": "原因",
}
