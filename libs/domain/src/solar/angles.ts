const RADIANS_PER_DEGREE = Math.PI / 180;

export const toRadians = (deg: number): number => deg * RADIANS_PER_DEGREE;
export const toDegrees = (rad: number): number => rad / RADIANS_PER_DEGREE;
