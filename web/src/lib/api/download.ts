import { Problem } from './problem.ts';

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
  if (!response.ok) throw new Problem('server-error', response.status, response.statusText);
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
