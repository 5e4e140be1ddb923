/** Where a new shop probably is, and in which money it probably sells: guessed from the device, never asked outside. */

/** Countries by the currency of their shops. */
const BY_CURRENCY = `
  AED:AE AMD:AM AOA:AO ARS:AR AUD:AU,NR AZN:AZ BAM:BA BBD:BB BDT:BD BHD:BH BIF:BI BND:BN BOB:BO BRL:BR BSD:BS
  BTN:BT BWP:BW BZD:BZ CAD:CA CDF:CD CHF:CH,LI CLP:CL CNY:CN COP:CO CRC:CR CVE:CV CZK:CZ DJF:DJ DKK:DK,FO,GL
  DOP:DO DZD:DZ EGP:EG ERN:ER ETB:ET
  EUR:AD,AT,BE,BG,CY,DE,EE,ES,FI,FR,GF,GP,GR,HR,IE,IT,LT,LU,LV,MC,ME,MQ,MT,NL,PT,RE,SI,SK,SM,VA,XK,YT
  FJD:FJ GBP:GB,GG,IM,JE GEL:GE GHS:GH GIP:GI GMD:GM GNF:GN GTQ:GT GYD:GY HKD:HK HNL:HN HTG:HT HUF:HU IDR:ID
  ILS:IL,PS INR:IN IQD:IQ ISK:IS JMD:JM JOD:JO JPY:JP KES:KE KGS:KG KHR:KH KMF:KM KRW:KR KWD:KW KZT:KZ LAK:LA
  LBP:LB LKR:LK LRD:LR LSL:LS LYD:LY MAD:MA,EH MDL:MD MGA:MG MKD:MK MMK:MM MNT:MN MOP:MO MRU:MR MUR:MU MVR:MV
  MWK:MW MXN:MX MYR:MY MZN:MZ NAD:NA NGN:NG NIO:NI NOK:NO NPR:NP NZD:NZ OMR:OM PEN:PE PGK:PG PHP:PH PKR:PK
  PLN:PL PYG:PY QAR:QA RON:RO RSD:RS RWF:RW SAR:SA SBD:SB SCR:SC SEK:SE SGD:SG SRD:SR SSP:SS SZL:SZ THB:TH
  TJS:TJ TMT:TM TND:TN TOP:TO TRY:TR TTD:TT TWD:TW TZS:TZ UAH:UA UGX:UG
  USD:US,EC,GU,PA,PR,SV,TL,VI UYU:UY UZS:UZ VND:VN VUV:VU WST:WS
  XAF:CF,CG,CM,GA,GQ,TD XCD:AG,DM,GD,KN,LC,VC XOF:BF,BJ,CI,GW,ML,NE,SN,TG XPF:NC,PF YER:YE ZAR:ZA ZMW:ZM`;

const CURRENCIES = new Map(
  BY_CURRENCY.trim()
    .split(/\s+/)
    .flatMap((entry) => {
      const [currency = '', countries = ''] = entry.split(':');
      return countries.split(',').map((country) => [country, currency] as const);
    }),
);

/** Zones whose country a browser's language often does not tell. */
const ZONES: Readonly<Record<string, string>> = {
  'Africa/Addis_Ababa': 'ET',
  'Africa/Cairo': 'EG',
  'Africa/Casablanca': 'MA',
  'Africa/Dar_es_Salaam': 'TZ',
  'Africa/Johannesburg': 'ZA',
  'Africa/Kampala': 'UG',
  'Africa/Lagos': 'NG',
  'Africa/Nairobi': 'KE',
  'America/Argentina/Buenos_Aires': 'AR',
  'America/Bogota': 'CO',
  'America/Lima': 'PE',
  'America/Mexico_City': 'MX',
  'America/Santiago': 'CL',
  'America/Sao_Paulo': 'BR',
  'America/Toronto': 'CA',
  'Asia/Bangkok': 'TH',
  'Asia/Colombo': 'LK',
  'Asia/Dhaka': 'BD',
  'Asia/Dubai': 'AE',
  'Asia/Ho_Chi_Minh': 'VN',
  'Asia/Hong_Kong': 'HK',
  'Asia/Jakarta': 'ID',
  'Asia/Karachi': 'PK',
  'Asia/Kathmandu': 'NP',
  'Asia/Kolkata': 'IN',
  'Asia/Kuala_Lumpur': 'MY',
  'Asia/Manila': 'PH',
  'Asia/Riyadh': 'SA',
  'Asia/Seoul': 'KR',
  'Asia/Singapore': 'SG',
  'Asia/Tokyo': 'JP',
  'Australia/Melbourne': 'AU',
  'Australia/Sydney': 'AU',
  'Europe/Amsterdam': 'NL',
  'Europe/Berlin': 'DE',
  'Europe/Istanbul': 'TR',
  'Europe/Kyiv': 'UA',
  'Europe/Lisbon': 'PT',
  'Europe/London': 'GB',
  'Europe/Madrid': 'ES',
  'Europe/Paris': 'FR',
  'Europe/Rome': 'IT',
  'Europe/Vienna': 'AT',
  'Europe/Warsaw': 'PL',
  'Europe/Zurich': 'CH',
  'Pacific/Auckland': 'NZ',
};

/** Old names of zones that browsers still give. */
const RENAMED: Readonly<Record<string, string>> = {
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Europe/Kiev': 'Europe/Kyiv',
};

export const currencyOf = (country: string): string => CURRENCIES.get(country) ?? 'USD';

export interface Guess {
  readonly country: string;
  readonly currency: string;
  readonly zone: string;
}

/** From the device's zone, or else the region of its languages. */
export function guessPlace(deviceZone: string, languages: readonly string[]): Guess {
  const zone = RENAMED[deviceZone] ?? deviceZone;
  const regions = languages.map((tag) => /-([A-Z]{2})\b/.exec(tag)?.[1] ?? '');
  const known = [ZONES[zone] ?? '', ...regions].find((country) => CURRENCIES.has(country));
  const country = known ?? 'US';
  return { country, currency: currencyOf(country), zone };
}

interface Choice {
  readonly value: string;
  readonly label: string;
}

export function countries(locale: string): Choice[] {
  const names = new Intl.DisplayNames(locale, { type: 'region' });
  return named([...CURRENCIES.keys()], (code) => names.of(code) ?? code, locale);
}

export function currencies(locale: string): Choice[] {
  const names = new Intl.DisplayNames(locale, { type: 'currency' });
  return named(
    [...new Set(CURRENCIES.values())],
    (code) => `${names.of(code) ?? code} (${code})`,
    locale,
  );
}

export function zones(current: string): Choice[] {
  return [...new Set([current, 'UTC', ...Intl.supportedValuesOf('timeZone')])]
    .sort()
    .map((value) => ({ value, label: value.replaceAll('_', ' ') }));
}

function named(codes: string[], nameOf: (code: string) => string, locale: string): Choice[] {
  const { compare } = new Intl.Collator(locale);
  return codes
    .map((value) => ({ value, label: nameOf(value) }))
    .sort((a, b) => compare(a.label, b.label));
}
