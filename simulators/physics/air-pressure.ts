/** Standard pressure at sea level, in hPa. */
export const SEA_LEVEL_HPA = 1013.25

/** Pressure at an altitude in metres (standard atmosphere): a cabin at 8000 ft (2438 m) has 753 hPa. */
export function pressureHpa(altitudeM: number): number {
  return SEA_LEVEL_HPA * (1 - 2.25577e-5 * altitudeM) ** 5.25588
}
