/** Passkeys: what this phone or computer holds, to sign in and to confirm. Source: W3C Web Authentication level 3. */

import { api, Problem } from '#lib/api/index.ts';
import { uuid7 } from '#lib/values/ids.ts';

export type Purpose = 'registration' | 'sign-in' | 'confirmation';

export interface Proof {
  readonly challenge_id: string;
  readonly credential: RegistrationResponseJSON | AuthenticationResponseJSON;
}

interface Asked {
  readonly id: string;
  readonly options: PublicKeyCredentialCreationOptionsJSON & PublicKeyCredentialRequestOptionsJSON;
}

/** A key belongs to a name: a server that is reached by its number, as on one's own machine, can have none. */
const hasName = (): boolean => !/^[\d.]+$|^\[/.test(location.hostname);

export const hasPasskeys = (): boolean =>
  hasName() &&
  typeof PublicKeyCredential === 'function' &&
  'parseRequestOptionsFromJSON' in PublicKeyCredential;

/** Asks the device. Null when the person changed their mind. */
export async function prove(purpose: Purpose, challenge?: string): Promise<Proof | null> {
  const asked = await api.post<Asked>('/v1/passkey-challenges', {
    id: uuid7(),
    purpose,
    challenge,
  });
  try {
    const credential =
      purpose === 'registration'
        ? await navigator.credentials.create({
            publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked.options),
          })
        : await navigator.credentials.get({
            publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked.options),
          });
    if (!(credential instanceof PublicKeyCredential)) return null;
    return { challenge_id: asked.id, credential: credential.toJSON() };
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotAllowedError') return null;
    if (error instanceof DOMException) throw new Problem('passkey-refused', 403, error.message);
    throw error;
  }
}
