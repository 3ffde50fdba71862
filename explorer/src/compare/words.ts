import type { Words } from "../app/words_type";

export const words = {
  en: {
    "compare.caption": "Properties of the chosen functions; what differs is marked",
    "compare.property": "Property",
    "compare.only": "Only differences",
    "compare.curves": "Show the curves of {name}",
    "compare.swap": "Move {name} to the right",
    "compare.measured": "Formulas and changed parameters are measured here, on −{far} to {far} and under N(0, 1); the others come from the catalogue.",
  },
  zh: {
    "compare.caption": "已选函数的性质，差异处已标出",
    "compare.property": "性质",
    "compare.only": "只看差异",
    "compare.curves": "查看 {name} 的曲线",
    "compare.swap": "将 {name} 右移",
    "compare.measured": "自定义公式和改过参数的函数由本页在 −{far} 到 {far} 以及 N(0, 1) 下测得，其余取自函数目录。",
  },
} satisfies Words;
