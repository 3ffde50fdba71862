/** What can be wrong with a formula, in both languages. */

import type { Lang } from "../types/catalog";

/** fault -> what is said of it, with {holes} for its words. */
export const SAID = {
  empty: ["Type a formula of x, such as x*sigmoid(x).", "请输入 x 的公式，例如 x*sigmoid(x)。"],
  long: ["The formula has {count} characters; at most {most} are read.", "公式共 {count} 个字符，最多只能读取 {most} 个。"],
  character: ["The character {found} has no place in a formula.", "公式中不能使用字符 {found}。"],
  foreign: ["Write {plain} instead of {found}.", "请用 {plain} 代替 {found}。"],
  number: ["{found} is not a number.", "{found} 不是数。"],
  imaginary: ["{found} is not a real number.", "{found} 不是实数。"],
  huge: ["The number {found} is larger than {most}.", "数 {found} 大于 {most}。"],
  zeros: ["A whole number does not start with 0: write {plain}.", "整数不能以 0 开头，请写成 {plain}。"],
  times: ["Write * between {before} and {found}.", "请在 {before} 与 {found} 之间写上 *。"],
  end: ["The formula stops too early: a number, a name or ( is missing here.", "公式不完整：此处缺少数、名称或左括号。"],
  operand: ["A number, a name or ( should stand here, not {found}.", "此处应为数、名称或左括号，而不是 {found}。"],
  unopened: ["This ) closes nothing.", "这个右括号没有对应的左括号。"],
  unclosed: ["This ( is never closed.", "这个左括号没有闭合。"],
  brackets: ["More than {most} parentheses stand inside one another.", "括号嵌套超过 {most} 层。"],
  line: ["A formula that is not inside parentheses ends with its line.", "括号之外的公式不能换行。"],
  operator: ["{found} is no operation of formulas; there are + - * / ^ and < <= > >= in where.", "公式中没有运算 {found}；可用的有 + - * / ^ 以及 where 中的 < <= > >=。"],
  comma: ["A comma only separates the operands of a function.", "逗号只用于分隔函数的参数。"],
  keyword: ["{found} is a word of Python and not of formulas; choices are written where(x > 0, a, b).", "{found} 是 Python 的关键字，不能用在公式里；分情况请写 where(x > 0, a, b)。"],
  unknown: ["{found} is not a function that a formula can use; known: {known}.", "公式中没有函数 {found}；可用的有：{known}。"],
  bare: ["{found} is a function: write {found}(x).", "{found} 是函数，请写成 {found}(x)。"],
  arity: ["{found} takes {most} operand(s), not {count}.", "{found} 需要 {most} 个参数，而不是 {count} 个。"],
  condition: ["where needs a comparison such as x > 0 as its first operand.", "where 的第一个参数必须是比较，例如 x > 0。"],
  comparison: ["A comparison can only stand as the first operand of where(condition, a, b).", "比较只能作为 where(条件, a, b) 的第一个参数。"],
  chained: ["Only two sides can be compared; nest where for more.", "一次只能比较两个量；多个条件请嵌套使用 where。"],
  exponent: ["The exponent {found} is larger than {most}.", "指数 {found} 超过 {most}。"],
  variable: ["The exponent depends on x; write exp(... * log(...)) where the base is positive.", "指数含有 x；底数为正时请写成 exp(... * log(...))。"],
  deep: ["The formula is nested deeper than {most} operations.", "公式的嵌套超过 {most} 层运算。"],
  unused: ["{found} drops out of the formula; take it away.", "{found} 在公式中被消去了，请删除它。"],
} satisfies Record<string, readonly [en: string, zh: string]>;

export type Fault = keyof typeof SAID;

/** A formula that cannot be read: where, and why in both languages. */
export class Complaint extends Error {
  readonly said: Record<Lang, string>;

  constructor(
    readonly fault: Fault,
    readonly at: number,
    values: Record<string, string | number> = {},
  ) {
    super(fault);
    const filled = (text: string): string => text.replace(/\{(\w+)\}/g, (_, key: string) => String(values[key]));
    const [en, zh] = SAID[fault];
    this.said = { en: filled(en), zh: filled(zh) };
  }
}
