/** A point on the globe. */

export interface Point {
  readonly lat: number;
  readonly lon: number;
}

const METERS_PER_DEGREE = 111_320;

/** A point so many meters east and north of another. */
export function moved({ lat, lon }: Point, eastM: number, northM: number): Point {
  const shrink = Math.max(0.01, Math.cos((lat * Math.PI) / 180));
  const round = (value: number) => Math.round(value * 1e6) / 1e6;
  const turned = lon + eastM / (METERS_PER_DEGREE * shrink);
  return {
    lat: round(Math.min(90, Math.max(-90, lat + northM / METERS_PER_DEGREE))),
    lon: round(((turned + 540) % 360) - 180),
  };
}

/** Two numbers as maps write them, latitude first; null when it is no such thing. */
export function readPoint(text: string): Point | null {
  const [, lat, lon] =
    /^\s*(-?\d{1,2}(?:\.\d+)?)\s*[,;\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/.exec(text) ?? [];
  const point = { lat: Number(lat), lon: Number(lon) };
  return Math.abs(point.lat) <= 90 && Math.abs(point.lon) <= 180 ? point : null;
}
