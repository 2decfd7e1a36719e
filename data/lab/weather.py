#!/usr/bin/env python3
"""Writes weather.csv: four years of daily weather at a place that does not exist.

usage: weather.py > weather.csv

The numbers are made up, the same at every run.  They have what forecasts live on: a year's course, fronts
that pass in a few days, and what yesterday does to today.  Pressure goes up and down as a damped wave that
noise keeps moving; where it falls below a threshold it rains, the more the lower and the more humid; rain
makes days cooler and more humid, and rain and high pressure both bend what would otherwise be linear.
"""
import math
from datetime import date, timedelta

DAYS = 4 * 365 + 1
state = 20240229


def uniform():
    """Of a linear congruential generator (Knuth's MMIX), its upper bits: in (0, 1)."""
    global state
    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
    return ((state >> 32) + 0.5) / 2**32


def normal():
    return math.sqrt(-2 * math.log(uniform())) * math.cos(2 * math.pi * uniform())


def main():
    print("date,temperature,pressure,humidity,rain")
    first = date(2020, 1, 1)
    day = first - timedelta(30)  # the month before only forgets the beginning
    before = now = 0.0  # pressure against the season's, yesterday's and today's
    warm = moist = rain = 0.0  # temperature and humidity likewise
    while day < first + timedelta(DAYS):
        year = 2 * math.pi * (day - first).days / 365.25
        season = -math.cos(year - 0.35)
        humidity = min(max(74 - 8 * season + moist, 20), 100)
        wet = -now - 3 + 0.15 * (humidity - 74)
        rain = round(0.6 * wet ** 1.5, 1) if wet > 0 else 0.0
        if day >= first:
            print(f"{day},{11 + 9.5 * season + warm:.1f},{1014 + 1.5 * season + now:.1f},{humidity:.0f},{rain:.1f}")
        front = now < -5
        before, now = now, 1.35 * now - 0.6 * before + (9 if front else 0) + 1.8 * normal() - 0.6
        sun = math.tanh(now / 8)
        warm = 0.75 * warm - (3 if front else 0) - 0.05 * min(rain, 20) + 0.7 * sun + 0.8 * normal() + 0.2
        moist = 0.6 * moist + 0.4 * min(rain, 20) - 3 * sun + 2.5 * normal()
        day += timedelta(1)


if __name__ == "__main__":
    main()
