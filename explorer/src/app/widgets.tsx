// The controls every panel is made of: labelled, reachable by keyboard, named for tests.
import type { ComponentChildren, TargetedInputEvent, TargetedKeyboardEvent } from "preact";
import { useId, useState } from "preact/hooks";
import { clamp, text } from "./numbers";

interface Named {
  readonly label: string;
  readonly testid: string;
}

export function Button({
  label,
  testid,
  onClick,
  icon,
  disabled = false,
  pressed,
  kind = "plain",
}: Named & {
  onClick: () => void;
  /** What is shown instead of the label, which then is the accessible name. */
  icon?: ComponentChildren;
  disabled?: boolean;
  pressed?: boolean;
  kind?: "plain" | "primary" | "quiet";
}) {
  const name = icon === undefined ? {} : { "aria-label": label, title: label };
  const toggle = pressed === undefined ? {} : { "aria-pressed": pressed };
  return (
    <button
      type="button"
      class={`button ${kind}`}
      data-testid={testid}
      onClick={onClick}
      disabled={disabled}
      {...name}
      {...toggle}
    >
      {icon ?? label}
    </button>
  );
}

/** A number typed by hand; what is no number or out of bounds is marked and not taken. */
export function NumberBox({
  label,
  testid,
  value,
  low = -Infinity,
  high = Infinity,
  whole = false,
  step,
  onChange,
  hidden = false,
}: Named & {
  value: number;
  low?: number;
  high?: number;
  whole?: boolean;
  /** What the arrow keys add. */
  step?: number;
  onChange: (value: number) => void;
  /** The label is there for screen readers only. */
  hidden?: boolean;
}) {
  const id = useId();
  const [draft, setDraft] = useState<string | null>(null);
  const parsed = draft === null ? value : draft.trim() === "" ? NaN : Number(draft.replace("−", "-"));
  const good = (number: number): boolean =>
    number >= low && number <= high && Number.isFinite(number) && (!whole || Number.isInteger(number));
  const type = (event: TargetedInputEvent<HTMLInputElement>): void => {
    const written = event.currentTarget.value;
    setDraft(written);
    const number = written.trim() === "" ? NaN : Number(written.replace("−", "-"));
    if (good(number)) onChange(number);
  };
  const press = (event: TargetedKeyboardEvent<HTMLInputElement>): void => {
    const way = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : undefined;
    if (event.key === "Enter") setDraft(null);
    if (way === undefined) return;
    event.preventDefault();
    const by = (step ?? (whole ? 1 : 0.1)) * way * (event.shiftKey ? 10 : 1);
    setDraft(null);
    onChange(clamp(Number((value + by).toPrecision(12)), low, high));
  };
  return (
    <span class="number-box">
      <label for={id} class={hidden ? "unseen" : ""}>
        {label}
      </label>
      <input
        id={id}
        data-testid={testid}
        type="text"
        inputMode="decimal"
        autocomplete="off"
        spellcheck={false}
        value={draft ?? text(value, 7)}
        aria-invalid={!good(parsed)}
        onInput={type}
        onKeyDown={press}
        onBlur={() => setDraft(null)}
      />
    </span>
  );
}

/** A slider with its number: the slider between `low` and `high`, the number anywhere between `floor` and `ceiling`. */
export function Slider({
  label,
  testid,
  value,
  low,
  high,
  step,
  floor = low,
  ceiling = high,
  whole = false,
  onChange,
}: Named & {
  value: number;
  low: number;
  high: number;
  step: number;
  floor?: number;
  ceiling?: number;
  whole?: boolean;
  onChange: (value: number) => void;
}) {
  const id = useId();
  return (
    <div class="slider">
      <label for={id}>{label}</label>
      <input
        id={id}
        data-testid={testid}
        type="range"
        min={low}
        max={high}
        step={step}
        value={clamp(value, low, high)}
        aria-valuetext={text(value)}
        onInput={(event) => onChange(Number(event.currentTarget.value))}
      />
      <NumberBox
        label={label}
        testid={`${testid}-number`}
        value={value}
        low={floor}
        high={ceiling}
        whole={whole}
        step={step}
        onChange={onChange}
        hidden
      />
    </div>
  );
}

export interface Option<T extends string> {
  readonly value: T;
  readonly label: string;
}

interface OneOf<T extends string> extends Named {
  readonly options: readonly Option<T>[];
  readonly value: T;
  readonly onChange: (value: T) => void;
}

/** One of a few, all visible. */
export function Choice<T extends string>({
  label,
  testid,
  options,
  value,
  onChange,
}: OneOf<T>) {
  const name = useId();
  return (
    <fieldset class="choice" data-testid={testid}>
      <legend>{label}</legend>
      <span class="segments">
        {options.map((option) => (
          <label key={option.value}>
            <input
              type="radio"
              name={name}
              data-testid={`${testid}-${option.value}`}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </span>
    </fieldset>
  );
}

/** One of many, in a menu. */
export function Select<T extends string>({
  label,
  testid,
  options,
  value,
  onChange,
}: OneOf<T>) {
  const id = useId();
  return (
    <span class="select">
      <label for={id}>{label}</label>
      <select id={id} data-testid={testid} value={value} onChange={(event) => onChange(event.currentTarget.value as T)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </span>
  );
}

/** Yes or no. */
export function Toggle({
  label,
  testid,
  checked,
  onChange,
}: Named & { checked: boolean; onChange: (checked: boolean) => void }) {
  return (
    <label class="toggle">
      <input
        type="checkbox"
        data-testid={testid}
        checked={checked}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>{label}</span>
    </label>
  );
}

/** Rows under headings; it scrolls sideways by itself when it is too wide. */
export function Table({
  caption,
  testid,
  head,
  rows,
  captionSeen = false,
}: {
  caption: string;
  testid: string;
  head: readonly ComponentChildren[];
  rows: readonly (readonly ComponentChildren[])[];
  captionSeen?: boolean;
}) {
  return (
    <div class="table" role="region" aria-label={caption} tabIndex={0}>
      <table data-testid={testid}>
        <caption class={captionSeen ? "" : "unseen"}>{caption}</caption>
        <thead>
          <tr>
            {head.map((cell, at) => (
              <th key={at} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, column) =>
                column === 0 ? (
                  <th key={column} scope="row">
                    {cell}
                  </th>
                ) : (
                  <td key={column}>{cell}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A titled part of a panel that a reader can fold; what is inside is made when it is opened. */
export function Fold({
  title,
  testid,
  open = false,
  children,
}: {
  title: string;
  testid: string;
  open?: boolean;
  children: () => ComponentChildren;
}) {
  const [shown, setShown] = useState(open);
  return (
    <details class="fold" data-testid={testid} open={shown} onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary>{title}</summary>
      {shown && children()}
    </details>
  );
}
