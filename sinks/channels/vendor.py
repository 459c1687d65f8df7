"""Where the vendors' robots are, unless the settings name another server."""

from collections.abc import Mapping

SERVERS: Mapping[str, str] = {
    "wecom": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
    "dingtalk": "https://oapi.dingtalk.com/robot/send",
    "feishu": "https://open.feishu.cn/open-apis/bot/v2/hook",
}
