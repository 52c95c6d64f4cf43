public class Main {
    public static void main(String[] args) {
        int[] numbers = new int[60000000]; // 229 MiB
        for (int i = 0; i < numbers.length; i++) numbers[i] = i;
        System.out.println(numbers[59999999] == 59999999 ? "large" : "wrong");
    }
}
