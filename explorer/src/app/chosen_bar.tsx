// The chosen functions with their line samples, and the box that adds one.
import type { TargetedKeyboardEvent } from "preact";
import { useId, useState } from "preact/hooks";
import { nameOf } from "./catalog";
import { colorOf, dashOf } from "./palette";
import { search } from "./search";
import { chosen, choose, dismiss, focus, focused, MOST_CHOSEN } from "./slices";
import { useSlice, write } from "./state";
import { Button } from "./widgets";
import { either, t } from "./words";

/** A short piece of the line that a place is drawn with. */
export function Sample({ place }: { place: number }) {
  return (
    <svg class="sample" width="28" height="8" aria-hidden="true">
      <line
        x1="1"
        y1="4"
        x2="27"
        y2="4"
        stroke={colorOf(place)}
        stroke-width="2.5"
        stroke-dasharray={dashOf(place).join(" ")}
      />
    </svg>
  );
}

const OFFERED = 8;

function Adder() {
  const id = useId();
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const [list] = useSlice(chosen);
  const found = open ? search(typed, OFFERED) : [];
  const take = (name: string): void => {
    choose(name);
    setTyped("");
    setOpen(false);
  };
  const press = (event: TargetedKeyboardEvent<HTMLInputElement>): void => {
    const pick = found[at];
    if (event.key === "Escape") setOpen(false);
    else if (event.key === "Enter" && pick) take(pick.name);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setOpen(true);
      setAt((before) => (before + (event.key === "ArrowDown" ? 1 : found.length - 1)) % Math.max(1, found.length));
    }
  };
  const replaced = list.length >= MOST_CHOSEN ? list[focused()] : undefined;
  return (
    <div class="adder">
      <label class="unseen" for={id}>
        {t("chosen.add")}
      </label>
      <input
        id={id}
        data-testid="add-function"
        type="text"
        role="combobox"
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={found[at] ? `${id}-${at}` : undefined}
        autocomplete="off"
        spellcheck={false}
        placeholder={`${t("chosen.add")} · ${t("chosen.hint")}`}
        value={typed}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={press}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setOpen(true);
          setAt(0);
        }}
      />
      <ul id={`${id}-list`} role="listbox" aria-label={t("chosen.add")} hidden={!open}>
        {found.map((item, place) => (
          <li
            key={item.name}
            id={`${id}-${place}`}
            role="option"
            aria-selected={place === at}
            data-testid={`offer-${item.name}`}
            onPointerDown={(event) => {
              event.preventDefault();
              take(item.name);
            }}
          >
            <b>{item.name}</b> <span>{either(item.summary)}</span>
          </li>
        ))}
        {open && found.length === 0 && (
          <li class="none" role="option" aria-selected={false}>
            {t("chosen.none", { text: typed })}
          </li>
        )}
      </ul>
      {replaced && open && <p class="hint">{t("chosen.replace", { name: nameOf(replaced) })}</p>}
    </div>
  );
}

/** The chosen functions: click one for its details, take one away, add one. */
export function ChosenBar() {
  const [list] = useSlice(chosen);
  useSlice(focus);
  return (
    <section class="chosen" aria-label={t("chosen.title")}>
      <ul class="chips" data-testid="chosen">
        {list.map((item, place) => (
          <li key={item.name} class={place === focused() ? "chip current" : "chip"}>
            <button
              type="button"
              class="chip-name"
              data-testid={`focus-${place}`}
              aria-pressed={place === focused()}
              title={t("chosen.focus", { name: nameOf(item) })}
              onClick={() => write(focus, place)}
            >
              <Sample place={place} /> {nameOf(item)}
            </button>
            <Button
              kind="quiet"
              testid={`remove-${place}`}
              label={t("chosen.remove", { name: nameOf(item) })}
              icon="×"
              onClick={() => dismiss(place)}
            />
          </li>
        ))}
      </ul>
      <Adder />
    </section>
  );
}
