/** The middle of Lüliang (domain.md 5.4): where the sun of the city is taken. */
export const CITY_PLACE = { latitudeDeg: 37.5, longitudeDeg: 111.1 } as const;
