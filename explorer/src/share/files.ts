// Files a reader takes away.

/** Hands a file to the reader. */
export function save(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** An SVG text as a PNG file, `sharp` pixels per unit. */
export async function png(svgText: string, sharp = 2): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svgText], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.width * sharp;
    canvas.height = image.height * sharp;
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done, fail) =>
      canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("PNG"))), "image/png"),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}

const cell = (value: string | number | null): string => {
  if (value === null || (typeof value === "number" && Number.isNaN(value))) return "";
  const written = String(value);
  return /[",\n]/.test(written) ? `"${written.replaceAll('"', '""')}"` : written;
};

/** Rows as CSV (RFC 4180); numbers that do not exist are empty. */
export const csv = (rows: readonly (readonly (string | number | null)[])[]): string =>
  rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
