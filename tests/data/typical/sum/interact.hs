{-# LANGUAGE BangPatterns #-}
import qualified Data.ByteString.Char8 as B
import Data.List (foldl')
import Data.Maybe (mapMaybe)

main :: IO ()
main = do
  text <- B.getContents
  let numbers = map fst (mapMaybe B.readInt (B.words text))
  print (foldl' (\ !a x -> a + x) 0 (take (head numbers) (tail numbers)))
