// What a network makes of the plane, or of the line, with the training points on it.
import { useEffect, useRef, useState } from "preact/hooks";
import { dark, onTheme } from "../app/palette";
import { type Report, SIDE } from "./race";
import { REACH, type Samples } from "./samples";

const SIZE = 320; // canvas pixels, twice what is shown on a small screen
// blue for class 0, orange for class 1 (Okabe & Ito 2008), between them the ground
const [COLD, WARM] = [[0, 114, 178], [230, 159, 0]] as const;
const HEIGHT = 1.8; // half the height shown for regression

function plane(context: CanvasRenderingContext2D, picture: readonly number[]): void {
  const ground = dark() ? 28 : 255;
  const image = new ImageData(SIDE, SIDE);
  picture.forEach((z, i) => {
    const lean = Math.tanh(z / 2); // 2 * probability - 1
    const far = lean < 0 ? COLD : WARM;
    // a step at the border, so that it is seen without colours too
    const weight = Number.isNaN(z) ? 0 : 0.15 + 0.6 * Math.abs(lean);
    far.forEach((value, channel) => (image.data[4 * i + channel] = ground + weight * (value - ground)));
    image.data[4 * i + 3] = 255;
  });
  const small = document.createElement("canvas");
  small.width = small.height = SIDE;
  small.getContext("2d")?.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(small, 0, 0, SIZE, SIZE);
}

function line(context: CanvasRenderingContext2D, picture: readonly number[], ink: string): void {
  context.beginPath();
  picture.forEach((y, i) => {
    const across = ((i + 0.5) / picture.length) * SIZE;
    const down = (SIZE / 2) * (1 - Math.max(-2, Math.min(2, y / HEIGHT)));
    if (i && !Number.isNaN(y)) context.lineTo(across, down);
    else context.moveTo(across, down);
  });
  context.strokeStyle = ink;
  context.lineWidth = 4;
  context.stroke();
}

function points(context: CanvasRenderingContext2D, { wide, inputs, targets, classes }: Samples): void {
  targets.forEach((target, i) => {
    const across = (SIZE / 2) * (1 + inputs[i * wide]! / REACH);
    const down = (SIZE / 2) * (1 - (classes ? inputs[i * wide + 1]! / REACH : target / HEIGHT));
    const square = classes && target;
    context.beginPath();
    // classes differ in shape as well as in colour
    if (square) context.rect(across - 3.5, down - 3.5, 7, 7);
    else context.arc(across, down, 4, 0, 2 * Math.PI);
    context.fillStyle = dark() ? (square ? "#ffd98a" : "#9ad8ff") : square ? "#b06200" : "#004e82";
    context.fill();
    context.strokeStyle = dark() ? "#1c1c1c" : "#fff";
    context.lineWidth = 1;
    context.stroke();
  });
}

export function Picture({ report, samples, label, testid, ink }: {
  report: Report | null; samples: Samples; label: string; testid: string; ink: string;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [, redraw] = useState({});
  useEffect(() => onTheme(() => redraw({})), []);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, SIZE, SIZE);
    if (report && samples.classes) plane(context, report.picture);
    points(context, samples);
    if (report && !samples.classes) line(context, report.picture, ink);
  });
  return <canvas ref={canvas} class="learn-picture" width={SIZE} height={SIZE} role="img" aria-label={label} data-testid={testid} />;
}
