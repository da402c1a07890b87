import { describe, expect, it } from "vitest";
import { clock, difference, exactMoney, lasting, money, moneyCell, phone } from "./format.ts";

describe("lasting", () => {
  it.each([
    [0, "0 ms"],
    [984.6, "985 ms"],
    [999.6, "1.00 s"],
    [1_234, "1.23 s"],
    [26_640, "26.6 s"],
    [315_400, "5 min 15 s"],
    [7_380_000, "2 h 3 min"],
  ])("%d is %s", (ms, shown) => expect(lasting(ms)).toBe(shown));
});

describe("clock", () => {
  it.each([
    [0, 1, "0:00.0"],
    [5_540, 1, "0:05.5"],
    [59_990, 1, "1:00.0"],
    [65_000, 0, "1:05"],
    [-1_170, 2, "−0:01.17"],
    [-4, 1, "0:00.0"],
    [3_725_000, 0, "1:02:05"],
  ] as const)("%d with %d digits is %s", (ms, digits, shown) => expect(clock(ms, digits)).toBe(shown));
});

describe("money", () => {
  it.each([
    [0, "0 ¢"],
    [2.984, "2.98 ¢"],
    [0.0272, "0.0272 ¢"],
    [1_240, "$12.40"],
  ])("%d cents are %s", (cents, shown) => expect(money(cents)).toBe(shown));

  it("has three digits in a column, and a short zero", () => {
    expect([moneyCell(0.0311), moneyCell(0)]).toEqual(["0.031", "0"]);
  });

  it("is exact where it is asked to be", () => expect(exactMoney(2.495825)).toBe("2.495825 ¢"));
});

describe("phone", () => {
  it.each([
    ["+15559110607", "+1 555 911 0607"],
    ["+919876543210", "+91 987 654 3210"],
    ["+15550123", "+1 555 0123"],
    ["loopback:demo", "loopback:demo"],
    ["", ""],
  ])("%s is %s", (number, shown) => expect(phone(number)).toBe(shown));
});

describe("difference", () => {
  it("shows which way it went", () => expect([difference(569), difference(-1_200)]).toEqual(["+569 ms", "−1.20 s"]));
});
