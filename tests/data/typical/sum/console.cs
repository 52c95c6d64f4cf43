using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;

public static class Solution
{
    public static void Main(string[] args)
    {
        int n = int.Parse(Console.ReadLine());
        IEnumerable<long> numbers = Console.In.ReadToEnd().Split(' ', '\n').Where(x => x != "").Select(long.Parse);
        BigInteger sum = numbers.Take(n).Aggregate(BigInteger.Zero, (all, x) => all + x);
        Console.WriteLine($"{sum}");
    }
}
