/** The choice guide: which answers are open, and the advice they lead to. All rules are data from Python. */

import type { Advised, Guide, Place, Question } from "../types/catalog";

/** The id of the place, then of the answers given so far, in the order of the questions. */
export type Answers = readonly string[];

export const placeOf = (guide: Guide, answers: Answers): Place | undefined => guide.places.find(({ id }) => id === answers[0]);

/** The question to ask next; undefined when all are answered, or before a place is chosen. */
export const next = (guide: Guide, answers: Answers): Question | undefined => placeOf(guide, answers)?.questions[answers.length - 1];

/** The advice for complete answers, the best first. */
export const advice = (guide: Guide, answers: Answers): Advised[] => (guide.answers[answers.join("|")] ?? []).map((at) => guide.advice[at]!);

/** Whether these ids are answers to the questions, as far as they go. */
export function sensible(guide: Guide, answers: Answers): boolean {
  if (answers.length === 0) return true;
  const place = placeOf(guide, answers);
  return place !== undefined && answers.slice(1).every((id, at) => place.questions[at]?.choices.some((choice) => choice.id === id));
}
