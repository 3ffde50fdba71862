import type { Words } from "../app/words_type";

export const words = {
  en: {
    "share.title": "Share",
    "share.link": "Copy link",
    "share.copied": "Link copied",
    "share.svg": "Picture (SVG)",
    "share.png": "Picture (PNG)",
    "share.csv": "Numbers (CSV)",
    "share.failed": "The picture could not be made ({reason}); try the SVG.",
  },
  zh: {
    "share.title": "分享",
    "share.link": "复制链接",
    "share.copied": "链接已复制",
    "share.svg": "图片（SVG）",
    "share.png": "图片（PNG）",
    "share.csv": "数据（CSV）",
    "share.failed": "无法生成图片（{reason}），请改用 SVG。",
  },
} satisfies Words;
