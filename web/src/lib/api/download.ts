import { Problem, problemFrom } from './problem.ts';

/** A file that the server makes, saved by the browser as `name`. Throws a Problem. */
export async function download(
  path: string,
  name: string,
  actingFor: string | null,
): Promise<void> {
  const response = await fetch(path, {
    headers: actingFor === null ? {} : { 'kirana-acting-for': actingFor },
    credentials: 'same-origin',
  }).catch(() => {
    throw Problem.offline();
  });
  if (!response.ok) throw await problemFrom(response);
  saveFile(await response.blob(), name);
}

/** Offers a file, or what is at an address, for keeping outside of the app. */
export function saveFile(content: Blob | string, name: string): void {
  const link = document.createElement('a');
  link.href = typeof content === 'string' ? content : URL.createObjectURL(content);
  link.download = name;
  link.click();
  if (typeof content !== 'string') setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
